"""The errors of an analysis, by the names that scripts catch."""

from rendermill_rayvision.errors import (
    AnalyseFailError,
    AnalyzeError,
    CGExeNotExistError,
    CGFileNameIllegalError,
    CGFileNotExistsError,
    CGFileZipFailError,
    FileNameContainsChineseError,
    GetCGLocationError,
    GetCGVersionError,
    GetRendererError,
    MaxDamageError,
    MaxExeNotExistError,
    MultiScatterAndVrayConfilictError,
    ProjectMaxVersionError,
    VersionNotMatchError,
)

__all__ = [
    "AnalyseFailError",
    "AnalyzeError",
    "CGExeNotExistError",
    "CGFileNameIllegalError",
    "CGFileNotExistsError",
    "CGFileZipFailError",
    "FileNameContainsChineseError",
    "GetCGLocationError",
    "GetCGVersionError",
    "GetRendererError",
    "MaxDamageError",
    "MaxExeNotExistError",
    "MultiScatterAndVrayConfilictError",
    "ProjectMaxVersionError",
    "VersionNotMatchError",
]
