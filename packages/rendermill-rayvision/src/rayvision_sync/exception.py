"""The errors of transfers, by the names that scripts catch."""

from rendermill_rayvision.errors import DownloadFailed, RayvisionError, UnsupportedDatabaseError, UnsupportedEngineType

__all__ = ["DownloadFailed", "RayvisionError", "UnsupportedDatabaseError", "UnsupportedEngineType"]
