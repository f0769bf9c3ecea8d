"""The database engine's name in settings; base.py is the room."""
