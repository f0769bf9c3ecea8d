"""The bench: how fast the product is at several sizes, as ratios to floors that are measured in the same run."""
