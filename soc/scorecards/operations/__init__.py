"""Every write of the measures."""
