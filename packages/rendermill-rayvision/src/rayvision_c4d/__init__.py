"""Analysing Cinema 4D scenes, under the names of the Rayvision SDK."""
