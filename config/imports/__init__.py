"""Records from elsewhere: read by a mapping, checked row by row, stored whole or not at all."""
