"""Analysing Houdini scenes, under the names of the Rayvision SDK."""
