"""Who can be sent: coverage, rates, papers, and whether this one may go, and if not, why not."""
