"""Every write of the bell."""
