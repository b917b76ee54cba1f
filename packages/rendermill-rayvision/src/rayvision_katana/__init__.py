"""Analysing Katana scenes, under the names of the Rayvision SDK."""
