"""Every read of the work."""
