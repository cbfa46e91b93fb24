"""Every write of the bottom floor."""
