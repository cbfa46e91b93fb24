"""Every way in: each opens exactly one scope, and turns domain errors into answers."""
