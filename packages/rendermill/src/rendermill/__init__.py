"""Rendermill: a render farm that people own."""

__version__ = "0.4.0"
