"""Every write to the work."""
