"""Every read of the measures."""
