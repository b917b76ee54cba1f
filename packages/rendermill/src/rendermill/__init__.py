"""Rendermill: a render farm that people own."""

__version__ = "0.5.0"
