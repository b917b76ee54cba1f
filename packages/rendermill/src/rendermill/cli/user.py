"""``rendermill user``"""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from rendermill.cli.app import Json, command, out, print_json
from rendermill.farm.model.errors import BadInputError

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Manage the users of a farm on this machine.")
Data = Annotated[Path | None, typer.Option("--data", help="The farm's folder.")]
Name = Annotated[str, typer.Argument(metavar="NAME", help="The user's name.")]
FromStdin = Annotated[bool, typer.Option("--password-stdin", help="Read the password from standard input.")]


def _password(from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    found: str = typer.prompt("password", hide_input=True, confirmation_prompt=True)
    return found


@app.command()
@command
def create(
    name: Name,
    password_stdin: FromStdin = False,
    superuser: Annotated[bool, typer.Option("--superuser", help="May act on everybody's jobs.")] = False,
    sudoer: Annotated[bool, typer.Option("--sudoer", help="May act as a sudoable user.")] = False,
    sudoable: Annotated[bool, typer.Option("--sudoable", help="A sudoer may act as this user.")] = False,
    main: Annotated[
        str | None, typer.Option("--main", metavar="NAME", help="The main account, which may act for this one.")
    ] = None,
    share_storage: Annotated[
        bool, typer.Option("--share-storage", help="Send files into the main account's storage.")
    ] = False,
    quota: Annotated[int | None, typer.Option(min=0, help="Bytes that its storage may hold.")] = None,
    data: Data = None,
    json_output: Json = False,
) -> None:
    """Add a user."""
    from rendermill.administration import open_accounts

    password = _password(password_stdin)
    with open_accounts(data) as accounts:
        made = accounts.create_user(
            name,
            password,
            superuser=superuser,
            sudoer=sudoer,
            sudoable=sudoable,
            main=main,
            shares_storage=share_storage,
            quota=quota,
        )
    print_json(asdict(made)) if json_output else out.print(f"user {name} was created")


@app.command("list")
@command
def show(data: Data = None, json_output: Json = False) -> None:
    """List the users."""
    from rendermill.administration import open_accounts

    with open_accounts(data) as accounts:
        found = [asdict(user) for user in accounts.users()]
    if json_output:
        print_json(found)
        return
    for user in found:
        told = [right for right in ("superuser", "sudoer", "sudoable") if user[right]]
        told += [f"sub-account of {user['main']}"] if user["main"] else []
        told += [f"may store {user['quota']} bytes"] if user["quota"] is not None else []
        out.print(f"{user['name']} ({', '.join(told)})" if told else user["name"])


@app.command()
@command
def password(name: Name, password_stdin: FromStdin = False, data: Data = None, json_output: Json = False) -> None:
    """Change a user's password."""
    from rendermill.administration import open_accounts

    with open_accounts(data) as accounts:
        accounts.set_password(name, _password(password_stdin))
    print_json({"changed": name}) if json_output else out.print(f"the password of {name} was changed")


@app.command()
@command
def quota(
    name: Name,
    size: Annotated[str, typer.Argument(metavar="BYTES", help="A number of bytes, or none for no limit.")],
    data: Data = None,
    json_output: Json = False,
) -> None:
    """Say how much a user's storage may hold."""
    from rendermill.administration import open_accounts

    if size != "none" and not (size.isascii() and size.isdecimal() and len(size) < 19):
        raise BadInputError(f"{size!r} is no number of bytes", where="BYTES", remedy="Give it as 5000000000, or none.")
    limit = None if size == "none" else int(size)
    with open_accounts(data) as accounts:
        accounts.set_quota(name, limit)
    print_json({"name": name, "quota": limit}) if json_output else out.print(f"{name} may store {size} bytes")


@app.command()
@command
def remove(name: Name, data: Data = None, json_output: Json = False) -> None:
    """Remove a user, their keys and their files; their jobs stay."""
    from rendermill.administration import open_accounts

    with open_accounts(data) as accounts:
        accounts.remove_user(name)
    print_json({"removed": name}) if json_output else out.print(f"user {name} was removed")
