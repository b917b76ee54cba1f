"""Errors and tips of an analysis."""
