"""Pages of people: coming in, the own account, everybody's roles, the log."""
