"""What a playbook says: reading, checking, compiling. Pure."""
