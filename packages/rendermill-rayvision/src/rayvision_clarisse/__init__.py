"""Analysing Clarisse scenes, under the names of the Rayvision SDK."""
