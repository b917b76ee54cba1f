"""What every renderer plug-in gives: a template with its parameters, and the commands its sessions need."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any


@dataclass(frozen=True, slots=True)
class JobDraft:
    """An OpenJD job that a plug-in made: template, parameter values, warnings for the submitter."""

    template: dict[str, Any]
    parameters: dict[str, Any] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
"""Control characters: a file with one in its name could not be fetched."""
_UNFIT = re.compile(r"[{}\x00-\x1f\x7f-\x9f]+")


def job_name(text: str) -> str:
    """A name that OpenJD takes: at most 128 characters, no control characters, no braces (they mean something)."""
    return _UNFIT.sub(" ", text).strip()[:128] or "job"


def output_folder(folder: PurePath) -> dict[str, Any]:
    """The definition of the parameter into whose folder a job's files go."""
    return {
        "name": "OutputDir",
        "type": "PATH",
        "objectType": "DIRECTORY",
        "dataFlow": "OUT",
        "default": str(folder),
        "description": "The folder into which files are written.",
    }
