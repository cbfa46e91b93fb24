"""Every read of the playbooks."""
