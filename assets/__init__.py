"""Where and what: regions, sites, trades, problem types, assets, warranties, and money and time."""
