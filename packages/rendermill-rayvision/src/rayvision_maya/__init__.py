"""Analysing Maya scenes, under the names of the Rayvision SDK."""
