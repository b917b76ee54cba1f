"""``rendermill key``"""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from rendermill.cli.app import Json, command, err, out, print_json
from rendermill.cli.user import Data

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Manage the access keys of a farm on this machine.")


@app.command()
@command
def create(
    user: Annotated[str, typer.Option("--user", help="Whose key.", metavar="NAME")],
    data: Data = None,
    json_output: Json = False,
) -> None:
    """Make an access key. Its secret is shown this once."""
    from rendermill.administration import open_accounts

    with open_accounts(data) as accounts:
        made = asdict(accounts.create_key(user))
    if json_output:
        print_json(made)
        return
    out.print(f"export RENDERMILL_ACCESS_ID={made['access_id']}")
    out.print(f"export RENDERMILL_ACCESS_KEY={made['access_key']}")
    err.print("keep it: it is not shown again")


@app.command("list")
@command
def show(data: Data = None, json_output: Json = False) -> None:
    """List access ids; secrets are not shown."""
    from rendermill.administration import open_accounts

    with open_accounts(data) as accounts:
        found = [{"access_id": i, "user": user, "created": created} for i, user, created in accounts.list_keys()]
    if json_output:
        print_json(found)
        return
    for each in found:
        out.print(f"{each['access_id']} {each['user']}")


@app.command()
@command
def remove(
    access_id: Annotated[str, typer.Argument(metavar="ACCESS_ID")], data: Data = None, json_output: Json = False
) -> None:
    """Revoke an access key."""
    from rendermill.administration import open_accounts

    with open_accounts(data) as accounts:
        accounts.remove_key(access_id)
    print_json({"removed": access_id}) if json_output else out.print(f"key {access_id} was removed")
