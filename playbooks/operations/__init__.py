"""Every write of the playbooks."""
