"""Every read of the bell."""
