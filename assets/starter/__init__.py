"""What an installation starts with: trades, problems and equipment as tables. Read by `assets.catalog`."""
