"""Approvals, runs and the library as pages."""
