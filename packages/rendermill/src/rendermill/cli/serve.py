"""``rendermill serve``"""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import Annotated

import typer

from rendermill.cli.app import command
from rendermill.runtime import default_data


@command
def serve(
    data: Annotated[Path | None, typer.Option(help="The farm's folder; made if missing.")] = None,
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")] = 8642,
    slots: Annotated[int | None, typer.Option(min=1, max=1024, help="Sessions at a time; default one a core.")] = None,
    pin: Annotated[bool, typer.Option("--pin/--no-pin", help="Keep each session to its share of the cores.")] = True,
    spare: Annotated[
        bool, typer.Option("--spare/--no-spare", help="While idle, keep a Blender started (some 200 MB).")
    ] = True,
    public: Annotated[
        list[str] | None, typer.Option(metavar="HOST[:PORT][/PREFIX]", help="A name under which clients know the farm.")
    ] = None,
    share: Annotated[
        list[Path] | None, typer.Option(metavar="DIR", help="A folder whose scenes users may render where they lie.")
    ] = None,
    software: Annotated[
        list[str] | None, typer.Option(metavar="'NAME VERSION'", help="Another application that this machine has.")
    ] = None,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Say more on stderr.")] = False,
) -> None:
    """Run a farm on this machine until Ctrl-C. Prints ``ready URL`` when it takes requests."""
    from rendermill.server import ServerSettings
    from rendermill.server import serve as run

    level = logging.DEBUG if verbose else logging.INFO
    logging.basicConfig(level=level, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    if not verbose:
        for noisy in ("alembic", "uvicorn"):
            logging.getLogger(noisy).setLevel(logging.WARNING)
        logging.getLogger("python_multipart").setLevel(logging.ERROR)  # strangers would fill the log
    parent = os.environ.get("RENDERMILL_PARENT")
    settings = ServerSettings(
        data=data or default_data(),
        host=host,
        port=port,
        slots=slots,
        pin=pin,
        spare=spare,
        public=tuple(public or ()),
        shared=tuple(share or ()),
        software=tuple(software or ()),
        parent=int(parent) if parent else None,
    )
    run(settings, lambda url: print(f"ready {url}", flush=True))
