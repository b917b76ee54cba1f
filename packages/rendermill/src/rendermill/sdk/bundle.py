"""OpenJD templates and job bundles as jobs.

A bundle is a folder with ``template`` and perhaps ``parameter_values`` and ``asset_references``, each .yaml or .json
(github.com/aws-deadline/deadline-cloud, job bundles).
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import yaml

from rendermill.farm.model.errors import BadInputError, MissingFilesError
from rendermill.renderers.base import JobDraft
from rendermill.sdk.folders import files_below
from rendermill.sdk.prepare import Prepared

TEMPLATE_SUFFIXES = (".yaml", ".yml", ".json")
_MAX_FILES = 200_000
_MAX_BYTES = 5 * 1024 * 1024
_EXTENSIONS = ("TASK_CHUNKING", "REDACTED_ENV_VARS", "FEATURE_BUNDLE_1", "EXPR", "WRAP_ACTIONS")


def prepare_template(path: Path, given: dict[str, str], *, allow_missing: bool = False) -> Prepared:
    """A template file or a bundle folder; ``given`` are parameter values from the command line.

    Files and folders that PATH parameters read (``dataFlow`` IN or INOUT) and asset references name become inputs.
    Raises :class:`BadInputError` for what cannot be read or OpenJD rejects, with its path and reason, and
    :class:`MissingFilesError` for inputs that are not there.
    """
    path = path.expanduser().absolute()
    folder = path if path.is_dir() else path.parent
    template = load_document(_one_of(folder, "template") if path.is_dir() else path)
    values: dict[str, Any] = {}
    references: list[Path] = []
    if path.is_dir():
        values, references = _parameter_values(folder), _asset_references(folder)
    values |= given
    resolved, read = _resolve(template, values, folder)
    files = _files([*read, *references], allow_missing=allow_missing)
    return Prepared(JobDraft(template, resolved), files)


def load_document(path: Path) -> dict[str, Any]:
    """A YAML or JSON object. Raises :class:`BadInputError`."""
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise BadInputError(f"it is over {_MAX_BYTES} bytes", where=str(path))
        text = path.read_text(encoding="utf-8")
        found = json.loads(text) if path.suffix == ".json" else yaml.safe_load(text)
    except OSError as error:
        raise BadInputError(f"it cannot be read: {error.strerror}", where=str(path)) from error
    except (ValueError, yaml.YAMLError, RecursionError) as error:
        raise BadInputError(f"it is not {path.suffix[1:]}: {' '.join(str(error).split())}", where=str(path)) from error
    if not isinstance(found, dict):
        raise BadInputError("it does not hold an object", where=str(path))
    return found


def _one_of(folder: Path, name: str) -> Path:
    found = _perhaps(folder, name)
    if found is None:
        raise BadInputError(f"it has no {name}.yaml or {name}.json", where=str(folder))
    return found


def _perhaps(folder: Path, name: str) -> Path | None:
    return next((folder / (name + s) for s in TEMPLATE_SUFFIXES if (folder / (name + s)).is_file()), None)


def _parameter_values(folder: Path) -> dict[str, Any]:
    path = _perhaps(folder, "parameter_values")
    if path is None:
        return {}
    try:
        pairs = {str(each["name"]): each["value"] for each in load_document(path)["parameterValues"]}
    except (KeyError, TypeError) as error:
        raise BadInputError("parameterValues is a list of {name, value}", where=str(path)) from error
    return {name: value for name, value in pairs.items() if ":" not in name}  # "deadline:priority" is another farm's


def _asset_references(folder: Path) -> list[Path]:
    path = _perhaps(folder, "asset_references")
    if path is None:
        return []
    try:
        inputs = (load_document(path).get("assetReferences") or {}).get("inputs") or {}
        named = [*(inputs.get("filenames") or ()), *(inputs.get("directories") or ())]
    except (AttributeError, TypeError) as error:
        raise BadInputError("assetReferences holds inputs with lists of filenames", where=str(path)) from error
    return [folder / str(each) for each in named]


def _resolve(template: dict[str, Any], values: dict[str, Any], folder: Path) -> tuple[dict[str, Any], list[Path]]:
    """Parameter values with absolute paths, and the paths that are read."""
    from openjd.model import DecodeValidationError, decode_job_template, preprocess_job_parameters

    try:
        parsed = decode_job_template(template=template, supported_extensions=_EXTENSIONS)
    except (DecodeValidationError, NotImplementedError, RecursionError) as error:
        raise BadInputError(f"OpenJD rejects it: {error}", where="template") from error
    except IndexError as error:  # how the library ends there
        raise BadInputError("its steps depend on each other in a circle", where="template") from error
    try:
        processed = preprocess_job_parameters(
            job_template=parsed,
            job_parameter_values=values,
            job_template_dir=folder,
            current_working_dir=Path.cwd(),
        )
    except ValueError as error:
        raise BadInputError(str(error), where="parameters") from error
    resolved = {name: value.value for name, value in processed.items()}
    read = []
    for definition in parsed.parameterDefinitions or ():
        flow = getattr(getattr(definition, "dataFlow", None), "value", None)
        if definition.type.value == "PATH" and str(resolved[definition.name]):
            resolved[definition.name] = os.path.normpath(str(resolved[definition.name]))
            if flow in ("IN", "INOUT"):
                read.append(Path(str(resolved[definition.name])))
    return resolved, read


def _files(named: list[Path], *, allow_missing: bool) -> tuple[Path, ...]:
    found: set[Path] = set()
    missing = []
    for path in named:
        if path.is_dir():
            found |= set(files_below(path))
        elif path.is_file():
            found.add(path)
        else:
            missing.append(path)
        if len(found) > _MAX_FILES:
            raise BadInputError(f"more than {_MAX_FILES} input files", where=str(path))
    if missing and not allow_missing:
        listed = "\n".join(f"  {path}" for path in missing[:10])
        raise MissingFilesError(f"{len(missing)} inputs are missing:\n{listed}", remedy="Or: --allow-missing.")
    return tuple(sorted(file for file in found if file.is_file()))
