"""``rendermill software``"""

from __future__ import annotations

from typing import Annotated

import typer

from rendermill.cli.app import Json, command, out, print_json
from rendermill.farm.model.errors import BadInputError

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Install, list and remove applications.")
Name = Annotated[str, typer.Argument(metavar="NAME", help="blender")]
Version = Annotated[str, typer.Argument(metavar="VERSION", help="4.2, 4.5, 5.0 …")]


def _check(name: str) -> None:
    if name != "blender":
        raise BadInputError(f"{name!r} cannot be installed", where="NAME", remedy="What can be: blender.")


@app.command("list")
@command
def show(json_output: Json = False) -> None:
    """List the applications of this machine."""
    from rendermill.software.blender.installations import installed

    found = [
        {
            "name": "blender",
            "version": each.name,
            "kind": "bpy" if each.is_module else "executable",
            "path": str(each.program),
        }
        for each in installed()
    ]
    if json_output:
        print_json(found)
        return
    for each in found:
        out.print(f"{each['name']} {each['version']} ({each['kind']}) {each['path']}")
    if not found:
        out.print("nothing yet: rendermill software install blender 4.5")


@app.command()
@command
def install(name: Name, version: Version, json_output: Json = False) -> None:
    """Install an application for this user, in an environment of its own."""
    from rendermill.software.blender.install import install as run

    _check(name)
    made = run(version, quiet=json_output)
    if json_output:
        print_json({"name": name, "version": made.name, "path": str(made.program)})
    else:
        out.print(f"blender {made.name} is ready")


@app.command()
@command
def remove(name: Name, version: Version, json_output: Json = False) -> None:
    """Remove an application that was installed here."""
    from rendermill.software.blender.install import remove as run

    _check(name)
    run(version)
    print_json({"removed": f"{name} {version}"}) if json_output else out.print(f"{name} {version} was removed")
