"""The work itself, from the first report to the last invoice."""
