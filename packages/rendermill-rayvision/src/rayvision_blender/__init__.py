"""Analysing Blender scenes, under the names of the Rayvision SDK."""
