"""Who may come in: users, roles and acts, guards, notices, files, and the shape of an event."""
