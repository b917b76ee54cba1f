"""Errors of an analysis."""
