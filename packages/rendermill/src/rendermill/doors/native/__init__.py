"""The native door: ``/api/v1``, JSON over HTTP, described by its own OpenAPI document."""
