"""Reads that put several apps onto one page."""
