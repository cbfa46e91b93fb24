"""How machines act, and when they must ask."""
