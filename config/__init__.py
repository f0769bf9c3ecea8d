"""The switchboard: settings, addresses, recurring jobs, health and the operator's commands."""
