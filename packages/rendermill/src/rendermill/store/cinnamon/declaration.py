"""``cinnamon.toml``: how an administrator wants repositories to be. What it does not name stays as it is."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from rendermill.farm.model.errors import BadInputError
from rendermill.store.cinnamon.records import CONTENT_TYPE, EXTENSION, names_program

Name = Annotated[str, StringConstraints(min_length=1, max_length=128, pattern=r"^[^\x00-\x20]([^\x00-\x1f]*\S)?$")]
Extension = Annotated[str, StringConstraints(pattern=f"^{EXTENSION.pattern}$")]
ContentType = Annotated[str, StringConstraints(pattern=f"^{CONTENT_TYPE.pattern}$")]


def _has_a_program(command: tuple[str, ...]) -> tuple[str, ...]:
    if not names_program(command):
        raise ValueError("it names no program")
    return command


class _Strict(BaseModel):
    """A table in which every key is known."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class DeclaredFormat(_Strict):
    """``[repository.R.formats.NAME]``"""

    extension: Extension
    contenttype: ContentType


class DeclaredGroup(_Strict):
    """``[repository.R.groups.NAME]``: its members are these and no others."""

    members: tuple[str, ...] | None = None
    parent: Name | None = None


class DeclaredProgram(_Strict):
    """``[repository.R.programs.NAME]``"""

    command: Annotated[tuple[str, ...], AfterValidator(_has_a_program)]
    timeout: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None


class DeclaredRepository(_Strict):
    """``[repository.NAME]``"""

    profile: Literal["seed", "classic"] | None = None
    categories: tuple[Name, ...] | None = None
    session_seconds: Annotated[float, Field(ge=1, allow_inf_nan=False)] | None = None
    serves: tuple[Name, ...] | Literal["all"] | None = None
    metaset_types: tuple[Name, ...] = ()
    object_types: tuple[Name, ...] = ()
    formats: dict[Name, DeclaredFormat] = Field(default_factory=dict)
    groups: dict[Name, DeclaredGroup] = Field(default_factory=dict)
    acls: dict[Name, dict[Name, frozenset[str]]] = Field(default_factory=dict)
    """What each lets which group do."""
    programs: dict[Name, DeclaredProgram] = Field(default_factory=dict)


class DeclaredUser(_Strict):
    """``[user.NAME]``: one of the farm's users."""

    sudoer: bool | None = None
    sudoable: bool | None = None


class Declaration(_Strict):
    """The whole file."""

    repository: dict[str, DeclaredRepository] = Field(default_factory=dict)
    user: dict[str, DeclaredUser] = Field(default_factory=dict)


def read_declaration(path: Path) -> Declaration:
    """What a file declares. Raises :class:`BadInputError`, which names the key that is wrong."""
    try:
        return Declaration.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except ValidationError as error:
        problem = error.errors(include_url=False, include_context=False, include_input=False)[0]
        key = ".".join(str(part) for part in problem["loc"])
        is_unknown = problem["type"] == "extra_forbidden"
        what = "there is no such key" if is_unknown else problem["msg"]
        raise BadInputError(what, where=f"{path}: {key}") from error
    except (OSError, ValueError) as error:
        raise BadInputError(f"it cannot be read: {error}", where=str(path)) from error
