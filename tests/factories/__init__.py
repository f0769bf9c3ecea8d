"""Makers of rows for tests; what has a rule is made by the rule."""
