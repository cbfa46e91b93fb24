"""Probes for machines."""
