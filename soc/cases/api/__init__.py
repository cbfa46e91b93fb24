"""Doors for programs: alerts come in, cases are read and worked."""
