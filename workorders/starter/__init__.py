"""What an installation starts with: targets, reasons and completion codes as tables. Read by `workorders.catalog`."""
