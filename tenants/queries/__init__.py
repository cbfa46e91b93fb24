"""Every read of the bottom floor."""
