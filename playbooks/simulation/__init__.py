"""A playbook run to its end in virtual time, without touching anything outside, by the same rules as a real run. Pure."""
