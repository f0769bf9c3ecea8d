"""Pages of the work, one module per audience."""
