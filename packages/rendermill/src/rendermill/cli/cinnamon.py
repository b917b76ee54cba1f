"""``rendermill cinnamon``"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from rendermill.cli.app import Json, command, out, print_json
from rendermill.cli.user import Data
from rendermill.farm.model.errors import BadInputError

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Set up the Cinnamon repositories of a farm.")
_repositorys = typer.Typer(no_args_is_help=True, help="Make repositories, and change how they are set up.")
_programs = typer.Typer(no_args_is_help=True, help="Say which programs work on render tasks.")
_metaset_types = typer.Typer(no_args_is_help=True, help="Add and remove types of metasets.")
app.add_typer(_repositorys, name="repository")
app.add_typer(_programs, name="program")
app.add_typer(_metaset_types, name="metaset-type")

Name = Annotated[str, typer.Argument(metavar="NAME", help="The repository's name.")]
Task = Annotated[str, typer.Argument(metavar="NAME", help="The renderTaskName of the tasks.")]
Type = Annotated[str, typer.Argument(metavar="NAME", help="The type's name.")]
Repository = Annotated[str, typer.Option("--repository", metavar="NAME", help="The repository.")]
Categories = Annotated[
    list[str] | None, typer.Option("--category", metavar="NAME", help="Told in the list of repositories. Repeatable.")
]
Seconds = Annotated[
    float | None, typer.Option("--session-seconds", min=1, help="How long a session lasts without a command.")
]


def _shown(found: Any) -> dict[str, Any]:
    """A repository as plain data."""
    return {key: value for key, value in asdict(found).items() if key != "revision"}


# --- repositories ------------------------------------------------------------------------------------------------


@_repositorys.command("create")
@command
def create_repository(
    name: Name,
    profile: Annotated[
        str,
        typer.Option(help="How it names things: seed (render_task, new), or classic (_render_task, newRenderTask)."),
    ] = "seed",
    category: Categories = None,
    session_seconds: Seconds = None,
    data: Data = None,
    json_output: Json = False,
) -> None:
    """Make a repository."""
    from rendermill.administration import open_repositories

    with open_repositories(data) as repositories:
        repositories.create(name, profile=profile)
        made = _shown(repositories.change(name, categories=category, session_seconds=session_seconds))
    print_json(made) if json_output else out.print(f"repository {name} was created")


@_repositorys.command("list")
@command
def list_repositories(data: Data = None, json_output: Json = False) -> None:
    """List the repositories."""
    from rendermill.administration import open_repositories

    with open_repositories(data) as repositories:
        found = [_shown(each) for each in repositories.all()]
    if json_output:
        print_json(found)
        return
    for each in found:
        serves = "all" if each["serves"] is None else ", ".join(each["serves"]) or "none"
        told = [each["profile"], f"sessions of {each['session_seconds']:g} s", f"render tasks: {serves}"]
        out.print(f"{each['name']} ({'; '.join([*told, *each['categories']])})")


@_repositorys.command("set")
@command
def set_repository(
    name: Name,
    category: Categories = None,
    session_seconds: Seconds = None,
    serves: Annotated[
        str | None,
        typer.Option(metavar="NAMES", help="The render tasks that the farm works on, with commas: blender,encode."),
    ] = None,
    serves_all: Annotated[bool, typer.Option("--serves-all", help="The farm works on all that it can.")] = False,
    serves_none: Annotated[bool, typer.Option("--serves-none", help="The farm leaves all to others.")] = False,
    data: Data = None,
    json_output: Json = False,
) -> None:
    """Change how a repository is set up."""
    from rendermill.administration import open_repositories

    if sum((serves is not None, serves_all, serves_none)) > 1:
        raise BadInputError("only one of them can be", where="--serves, --serves-all, --serves-none")
    wanted: list[str] | Literal["all"] | None = "all" if serves_all else [] if serves_none else None
    if serves is not None:
        wanted = [each.strip() for each in serves.split(",")]
    with open_repositories(data) as repositories:
        changed = repositories.change(name, categories=category, session_seconds=session_seconds, serves=wanted)
        shown = _shown(changed)
    print_json(shown) if json_output else out.print(f"repository {name} was changed")


# --- programs ----------------------------------------------------------------------------------------------------


@_programs.command("set")
@command
def set_program(
    name: Task,
    words: Annotated[
        list[str],
        typer.Argument(
            metavar="COMMAND", help="After --: the program and its arguments, with __id__ and its like; no shell."
        ),
    ],
    repository: Repository = "farm",
    timeout: Annotated[float | None, typer.Option(help="Seconds that it may take.")] = None,
    data: Data = None,
    json_output: Json = False,
) -> None:
    """Let a program work on render tasks of a name."""
    from rendermill.administration import open_repositories

    with open_repositories(data) as repositories:
        made = repositories.set_program(repository, name, words, timeout)
    told = {"name": name, "repository": repository, **asdict(made)}
    print_json(told) if json_output else out.print(f"{words[0]} works on render tasks named {name}")


@_programs.command("list")
@command
def list_programs(repository: Repository = "farm", data: Data = None, json_output: Json = False) -> None:
    """List the programs."""
    from rendermill.administration import open_repositories

    with open_repositories(data) as repositories:
        found = repositories.find(repository).programs
    if json_output:
        print_json({name: asdict(each) for name, each in found.items()})
        return
    for name, each in found.items():
        timeout = "" if each.timeout is None else f" (at most {each.timeout:g} s)"
        out.print(f"{name}: {' '.join(each.command)}{timeout}")


@_programs.command("remove")
@command
def remove_program(name: Task, repository: Repository = "farm", data: Data = None, json_output: Json = False) -> None:
    """Let no program work on render tasks of a name."""
    from rendermill.administration import open_repositories

    with open_repositories(data) as repositories:
        repositories.remove_program(repository, name)
    print_json({"removed": name}) if json_output else out.print(f"the program for {name} was removed")


# --- types of metasets -------------------------------------------------------------------------------------------


@_metaset_types.command("create")
@command
def create_metaset_type(
    name: Type, repository: Repository = "farm", data: Data = None, json_output: Json = False
) -> None:
    """Add a type."""
    from rendermill.administration import open_repositories

    with open_repositories(data) as repositories:
        repositories.add_metaset_type(repository, name)
    print_json({"created": name}) if json_output else out.print(f"metaset type {name} was created")


@_metaset_types.command("list")
@command
def list_metaset_types(repository: Repository = "farm", data: Data = None, json_output: Json = False) -> None:
    """List the types."""
    from rendermill.administration import open_repositories

    with open_repositories(data) as repositories:
        found = repositories.metaset_types(repository)
    print_json(found) if json_output else out.print("\n".join(found))


@_metaset_types.command("remove")
@command
def remove_metaset_type(
    name: Type, repository: Repository = "farm", data: Data = None, json_output: Json = False
) -> None:
    """Remove a type of which there are no metasets."""
    from rendermill.administration import open_repositories

    with open_repositories(data) as repositories:
        repositories.remove_metaset_type(repository, name)
    print_json({"removed": name}) if json_output else out.print(f"metaset type {name} was removed")


# --- users, and all at once --------------------------------------------------------------------------------------


@app.command()
@command
def sudo(
    user: Annotated[str, typer.Argument(metavar="USER", help="The user's name.")],
    sudoer: Annotated[bool | None, typer.Option("--sudoer/--no-sudoer", help="May act as a sudoable user.")] = None,
    sudoable: Annotated[
        bool | None, typer.Option("--sudoable/--no-sudoable", help="A sudoer may act as this user.")
    ] = None,
    data: Data = None,
    json_output: Json = False,
) -> None:
    """Show or change whether a user may act as others, and others as them."""
    from rendermill.administration import open_repositories

    with open_repositories(data) as repositories:
        found = repositories.set_rights(user, sudoer=sudoer, sudoable=sudoable)
    told = {"name": found.name, "sudoer": found.sudoer, "sudoable": found.sudoable}
    if json_output:
        print_json(told)
        return
    out.print(f"{user}: {', '.join(right for right in ('sudoer', 'sudoable') if told[right]) or 'neither'}")


@app.command()
@command
def apply(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A file like DATA/cinnamon.toml.")],
    data: Data = None,
    json_output: Json = False,
) -> None:
    """Make repositories and users so as a file declares them: all of it, or nothing."""
    from rendermill.administration import open_repositories

    with open_repositories(data) as repositories:
        found = [_shown(each) for each in repositories.apply(file)]
    print_json(found) if json_output else out.print(f"{file} was applied")
