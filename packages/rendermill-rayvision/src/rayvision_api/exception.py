"""The errors of the API and of what belongs to it, by the names that scripts catch."""

from __future__ import annotations

from typing import Any
from urllib.request import HTTPErrorProcessor, Request

from rendermill_rayvision.errors import (
    AnalyseFailError,
    AnalyzeError,
    CGExeNotExistError,
    CGFileNameIllegalError,
    CGFileNotExistsError,
    CGFileZipFailError,
    CompressionFailedError,
    DecompressionFailedError,
    FileNameContainsChineseError,
    GetCGLocationError,
    GetCGVersionError,
    GetRendererError,
    HardwareConfigIdError,
    MaxDamageError,
    MaxExeNotExistError,
    MultiScatterAndVrayConfilictError,
    NotSupportCGSoftwareError,
    NotSupportHardwareCodeError,
    NotSupportPluginError,
    ProjectMaxVersionError,
    RayvisionAPIError,
    RayvisionError,
    RayvisonTaskIdError,
    UploadFileNotSupportError,
    VersionNotMatchError,
)

__all__ = [
    "AnalyseFailError",
    "AnalyzeError",
    "CGExeNotExistError",
    "CGFileNameIllegalError",
    "CGFileNotExistsError",
    "CGFileZipFailError",
    "CompressionFailedError",
    "DecompressionFailedError",
    "FileNameContainsChineseError",
    "GetCGLocationError",
    "GetCGVersionError",
    "GetRendererError",
    "HardwareConfigIdError",
    "MaxDamageError",
    "MaxExeNotExistError",
    "MultiScatterAndVrayConfilictError",
    "NotSupportCGSoftwareError",
    "NotSupportHardwareCodeError",
    "NotSupportPluginError",
    "ProjectMaxVersionError",
    "RayvisionAPIError",
    "RayvisionError",
    "RayvisionHTTPErrorProcessor",
    "RayvisonTaskIdError",
    "UploadFileNotSupportError",
    "VersionNotMatchError",
]


class RayvisionHTTPErrorProcessor(HTTPErrorProcessor):
    """For urllib: hands on every answer, because an answer's code tells what went wrong, not its HTTP status."""

    def http_response(self, request: Request, response: Any) -> Any:  # noqa: ARG002 - urllib calls it so
        """The answer as it is."""
        return response

    https_response = http_response
