"""What goes wrong while a movie is made."""

from __future__ import annotations


class EncodeError(Exception):
    """The movie cannot be made; the message says why and names the file, for the user to read."""
