"""Measurements, run by `make bench`. They compare side by side in one run and print ratios."""
