"""Plug-ins that turn a scene and settings into an OpenJD template."""
