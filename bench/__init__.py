"""Measurements, each runnable by itself, that print ratios taken in one run."""
