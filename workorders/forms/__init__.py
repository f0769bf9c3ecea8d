"""What people type into the pages of the work, turned into clean values."""
