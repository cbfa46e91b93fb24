"""Pages that compose several apps: the liaison's home, one agency."""
