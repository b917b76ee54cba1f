"""Errors, tips and other small things, where scripts written for the Rayvision SDK import them from."""
