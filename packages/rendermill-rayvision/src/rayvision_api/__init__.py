"""Logging in to a farm and calling its API, under the names of the Rayvision SDK."""

from rayvision_api.core import RayvisionAPI

__all__ = ["RayvisionAPI"]
