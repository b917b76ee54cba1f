"""Uploads of scenes and downloads of what was rendered, under the names of the Rayvision SDK."""
