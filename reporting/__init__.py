"""What it all meant: measures, scorecards and exports."""
