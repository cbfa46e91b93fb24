"""Pages of the clocks: what is law today."""
