"""Pages of places and equipment."""
