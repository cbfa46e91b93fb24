"""The wall between agencies: scope, backend, manager and constraints."""
