"""The demo company: a grocery and restaurant chain, made by playing the rules over simulated months."""
