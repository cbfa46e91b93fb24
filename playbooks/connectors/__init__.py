"""The products of an agency that a playbook may speak to, and how."""
