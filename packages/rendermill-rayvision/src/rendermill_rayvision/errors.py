"""The errors of the Rayvision SDK; the names, misspelt ones too, are those that scripts catch.

Of an analysis's only the first three are raised here: no application is looked for or started.
"""

from __future__ import annotations

from enum import IntEnum


class Code(IntEnum):
    """The codes of errors that no server tells."""

    TASK = 2000
    CONFIG_UPLOAD = 20_004
    FILE_MISSING = 200_001
    ARGUMENT = 200_024
    NOT_UPLOADED = 200_025
    FAILED = 1_000_000
    KEY = 1_000_002
    PATH_MISSING = 1_000_004
    WRONG_TYPE = 1_000_005
    UPLOAD_MISSING = 1_000_006


class RayvisionError(Exception):
    """What was asked for cannot be done. ``error_code`` is a number, ``error`` a sentence."""

    def __init__(self, error_code: int, error: str, *more: object, **named: object) -> None:
        super().__init__(error_code, error, *more, *named.values())
        self.error_code = int(error_code)
        self.error = error

    def __str__(self) -> str:
        return f"{type(self).__name__}: {self.error_code}: {self.error}"


class RayvisionAPIError(RayvisionError):
    """The server refuses a call; ``request`` is its address."""

    def __init__(self, error_code: int, error: str, request: str) -> None:
        super().__init__(error_code, error, request)
        self.request = request

    def __str__(self) -> str:
        return f"Error code: {self.error_code}, Error message: {self.error}, URL: {self.request}"


class RayvisonTaskIdError(RayvisionError):
    """A task's number is none, whatever the code says it is: it is always 2000."""

    def __init__(self, *said: object) -> None:
        super().__init__(Code.TASK, str(said[-1]) if said else "the number of a task is none")


class _FailedError(RayvisionError):
    """An error of the transfer: it is made of a sentence, its code is always 1000000."""

    def __init__(self, *said: object) -> None:
        super().__init__(Code.FAILED, str(said[-1]) if said else type(self).__name__)


class UnsupportedDatabaseError(_FailedError):
    """Records of uploads are kept in SQLite or Redis, and in nothing else."""


class UnsupportedEngineType(_FailedError):  # noqa: N818 - scripts catch it by this name
    """There is no such engine to transfer files with."""


class DownloadFailed(_FailedError):  # noqa: N818 - as above
    """Outputs could not be fetched, or not all of them."""


class CompressionFailedError(Exception):
    """Something could not be compressed."""


class DecompressionFailedError(Exception):
    """Something could not be unpacked."""


class UploadFileNotSupportError(Exception):
    """The file is none of a task's JSON files."""


class HardwareConfigIdError(Exception):
    """The farm has no hardware such as is wanted."""


class NotSupportPluginError(Exception):
    """The hardware that is wanted does not run a plug-in of the scene."""


class NotSupportCGSoftwareError(Exception):
    """The hardware that is wanted does not run the scene's application."""


class NotSupportHardwareCodeError(Exception):
    """The hardware that is wanted does not take scenes with a code that the analysis found."""


class AnalyzeError(Exception):
    """The analysis of a scene went wrong."""


class CGFileNotExistsError(AnalyzeError):
    """A file or a folder that the script names is not there."""


class AnalyseFailError(AnalyzeError):
    """The scene could not be read."""


class MaxDamageError(AnalyzeError):
    """A 3ds Max scene is damaged."""


class MaxExeNotExistError(AnalyzeError):
    """3ds Max is not installed."""


class CGExeNotExistError(AnalyzeError):
    """The scene's application is not installed."""


class ProjectMaxVersionError(AnalyzeError):
    """The 3ds Max of the project is another than the scene's."""


class GetCGVersionError(AnalyzeError):
    """The version of the scene's application is not known."""


class GetRendererError(AnalyzeError):
    """The scene's renderer is not known."""


class GetCGLocationError(AnalyzeError):
    """It is not known where the scene's application is installed."""


class MultiScatterAndVrayConfilictError(AnalyzeError):
    """MultiScatter and this V-Ray do not go together."""


class VersionNotMatchError(AnalyzeError):
    """The scene was saved by another version than is asked for."""


class CGFileZipFailError(AnalyzeError):
    """The scene could not be compressed."""


class CGFileNameIllegalError(AnalyzeError):
    """The scene's name has characters that are not allowed."""


class FileNameContainsChineseError(AnalyzeError):
    """The scene's name has Chinese characters."""
