"""The command line: one file a command; it talks to the SDK."""
