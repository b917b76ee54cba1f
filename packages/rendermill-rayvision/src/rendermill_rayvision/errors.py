"""The errors of the Rayvision SDK's analysis; the names, misspelt ones too, are those that scripts catch.

Only the first three are raised here: no application is looked for or started.
"""

from __future__ import annotations


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
