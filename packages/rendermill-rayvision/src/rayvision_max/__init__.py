"""Analysing 3ds Max scenes, under the names of the Rayvision SDK."""
