"""The errors of an analysis, where scripts written for the Rayvision SDK import them from."""
