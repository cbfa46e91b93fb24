"""Every read of the health app."""
