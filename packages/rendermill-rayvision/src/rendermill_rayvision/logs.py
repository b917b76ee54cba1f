"""The logger of an analysis. The root logger is the script's own and stays as it is."""

from __future__ import annotations

import logging
import os
import platform
from dataclasses import dataclass
from logging.handlers import RotatingFileHandler
from pathlib import Path

_FILE_BYTES = 5 << 20
_FILES = 7
_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


@dataclass(frozen=True, slots=True)
class Log:
    """How a script wants an analysis to be logged: to its own logger, or into a file of a folder."""

    logger: logging.Logger | None = None
    folder: str | os.PathLike[str] | None = None
    name: str | None = None
    level: str = "DEBUG"

    def of(self, package: str) -> logging.Logger:
        """The logger; without one of the script's own that of the package, which writes into a file if wanted.

        The file is ``<folder>/<package>/<name>``, the name that of this machine if none is given.
        """
        if self.logger is not None:
            return self.logger
        found = logging.getLogger(package)
        found.setLevel(self.level.upper())
        if self.folder:
            _write(found, Path(self.folder).absolute() / package / (self.name or f"{platform.node() or package}.log"))
        return found


def _write(logger: logging.Logger, path: Path) -> None:
    """Have a logger write into a file, besides what it does already."""
    if any(isinstance(each, RotatingFileHandler) and each.baseFilename == str(path) for each in logger.handlers):
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    handler = RotatingFileHandler(path, maxBytes=_FILE_BYTES, backupCount=_FILES, encoding="utf-8", delay=True)
    handler.setFormatter(logging.Formatter(_FORMAT))
    logger.addHandler(handler)
