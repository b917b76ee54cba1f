"""``rendermill doctor``"""

from __future__ import annotations

import os
import shutil
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import typer

from rendermill.cli.app import Json, Server, command, out, print_json
from rendermill.farm.model.errors import RendermillError
from rendermill.runtime import default_data, url_of
from rendermill.sdk.client import Client

_LITTLE = 5 * 1024**3
_VERY_LITTLE = 512 * 1024**2
_SKEW_SECONDS = 60.0
_STYLES = {"ok": "green", "warning": "yellow", "problem": "red"}


@dataclass(frozen=True, slots=True)
class Finding:
    """What one look found: ``state`` is ``ok``, ``warning`` or ``problem``."""

    check: str
    state: str
    what: str
    remedy: str = ""


@command
def doctor(
    data: Annotated[Path | None, typer.Option(help="The farm's folder.")] = None,
    host: Annotated[str, typer.Option(help="The address that serve will listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="The port that serve will use.")] = 8642,
    server: Server = None,
    json_output: Json = False,
) -> None:
    """Look for what could go wrong, and say the remedy. Exits with 1 if there is a problem."""
    from rendermill.sdk.connect import connect

    folder = data or default_data()
    client = connect(server or url_of(host, port))
    checks: list[Callable[[], Iterator[Finding]]] = [
        _blender,
        _graphics,
        lambda: _writing(folder),
        lambda: _space(folder),
        lambda: _port(client, host, port),
        lambda: _clock(client),
    ]
    found = [finding for check in checks for finding in check()]
    bad = any(finding.state == "problem" for finding in found)
    if json_output:
        print_json({"ok": not bad, "findings": [asdict(finding) for finding in found]})
    else:
        for finding in found:
            out.print(f"{finding.check}: {finding.what}", label=f"{finding.state:7}", style=_STYLES[finding.state])
            if finding.remedy:
                out.print(f"        → {finding.remedy}")
    raise typer.Exit(1 if bad else 0)


def _blender() -> Iterator[Finding]:
    from rendermill.software.blender.installations import installed

    found = installed()
    if found:
        yield Finding("blender", "ok", ", ".join(f"{each.name} ({each.program})" for each in found))
    else:
        yield Finding("blender", "problem", "no Blender was found", "rendermill software install blender 4.5")


def _graphics() -> Iterator[Finding]:
    cards = list(Path("/dev").glob("nvidia[0-9]*")) + list(Path("/dev/dri").glob("renderD*"))
    if cards:
        yield Finding("gpu", "ok", f"{len(cards)} found; choose with --device CUDA, OPTIX, HIP …")
        return
    what = "none was found: Cycles renders on the CPU, EEVEE works and is very slow (a small frame takes a minute)"
    yield Finding("gpu", "warning", what, "Prefer Cycles here: rendermill submit … --engine CYCLES")


def _writing(folder: Path) -> Iterator[Finding]:
    existing = _existing(folder)
    if folder.exists() and not folder.is_dir():
        yield Finding("data", "problem", f"{folder} is not a folder", "Choose another with --data.")
    elif not os.access(existing, os.W_OK | os.X_OK):
        yield Finding("data", "problem", f"{existing} cannot be written", f"chown or chmod {existing}, or --data DIR")
    else:
        yield Finding("data", "ok", f"{folder} can be written")


def _space(folder: Path) -> Iterator[Finding]:
    free = shutil.disk_usage(_existing(folder)).free
    text = f"{free / 1024**3:.1f} GiB free at {folder}"
    remedy = "Free some space, or put the farm on another disk with --data."
    if free < _VERY_LITTLE:
        yield Finding("disk", "problem", text, remedy)
    elif free < _LITTLE:
        yield Finding("disk", "warning", text, remedy)
    else:
        yield Finding("disk", "ok", text)


def _existing(folder: Path) -> Path:
    folder = folder.absolute()
    return next(path for path in (folder, *folder.parents) if path.exists())


def _port(client: Client, host: str, port: int) -> Iterator[Finding]:
    try:
        version = client.health()["version"]
        yield Finding("server", "ok", f"Rendermill {version} answers at {client.server}")
        return
    except (RendermillError, KeyError):
        pass
    if urlsplit(client.server).port != port:
        yield Finding("server", "problem", f"nothing answers at {client.server}", "Start it, or mend --server.")
        return
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            what = f"{host}:{port} cannot be used: {error.strerror}"
            yield Finding("port", "problem", what, "Stop the other program, or serve on another --port.")
            return
    yield Finding("port", "ok", f"{host}:{port} is free")


def _clock(client: Client) -> Iterator[Finding]:
    now = time.time()
    try:
        skew = float(client.health()["time"]) - now
    except (RendermillError, KeyError, ValueError):
        skew = 0.0
    if abs(skew) > _SKEW_SECONDS:
        what = f"the server's clock is {skew:+.0f} s from this machine's"
        yield Finding("clock", "problem", what, "Set both clocks by NTP (timedatectl set-ntp true).")
    elif now < _released():
        yield Finding("clock", "problem", "this machine's clock is in the past", "timedatectl set-ntp true")
    else:
        yield Finding("clock", "ok", "it runs with the server's" if skew else "it is plausible")


def _released() -> float:
    """A time that is surely past: when this program was installed."""
    return Path(__file__).stat().st_mtime - _SKEW_SECONDS
