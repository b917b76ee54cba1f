"""``rendermill analyze``"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rendermill.cli.app import Json, command, print_json, warn
from rendermill.farm.model.errors import EXIT_CODES, DamagedSceneError, MissingFilesError
from rendermill.scenes.report import SceneReport

_BIG = 32 * 1024 * 1024


@command
def analyze(
    scene: Annotated[
        Path, typer.Argument(metavar="SCENE", readable=False, help="A scene: Houdini, Maya, Clarisse, Blender, USD …")
    ],
    workspace: Annotated[
        Path | None,
        typer.Option(
            "--workspace", metavar="DIR", help="Also write task.json, asset.json, upload.json, tips.json below it."
        ),
    ] = None,
    map_: Annotated[
        list[str] | None,
        typer.Option("--map", metavar="PREFIX=FOLDER", help="Where a folder of another machine is: 'D:/=/mnt/d'."),
    ] = None,
    json_output: Json = False,
) -> None:
    """Read a scene without its application: what it renders, and every file that it needs.

    Exits with 3 if files are missing, with 4 if the scene is damaged or cannot be read.
    """
    from rendermill.sdk.analyze import parse_maps

    report = _read(scene, parse_maps(map_ or ()), quiet=json_output)
    folder = _write(scene, report, workspace)
    if json_output:
        print_json(report.to_dict() | ({"workspace": str(folder)} if folder else {}))
    else:
        _show(scene, report, folder)
    if status := exit_status(report):
        raise typer.Exit(status)


def exit_status(report: SceneReport) -> int:
    """0 for a clean scene; damage is worse than missing files."""
    if report.damage:
        return EXIT_CODES[DamagedSceneError.code]
    return EXIT_CODES[MissingFilesError.code] if report.missing else 0


def _read(scene: Path, maps: tuple[tuple[str, str], ...], *, quiet: bool) -> SceneReport:
    from rendermill.sdk.analyze import analyze as read

    if quiet or not _is_big(scene):
        return read(scene, maps)
    from rendermill.cli.follow import bars

    with bars() as display:
        bar = display.add_task(f"reading {scene.name}", total=1.0, note="")
        return read(scene, maps, lambda done: display.update(bar, completed=done))


def _write(scene: Path, report: SceneReport, workspace: Path | None) -> Path | None:
    """Write the files for the Rayvision SDK if they are wanted, and the damage has left something to render."""
    from rendermill.sdk.analyze import write_rayvision_files

    if workspace is None:
        return None
    if report.damage and not report.renderables:
        warn("no files for the Rayvision SDK: nothing that could be read of the scene renders")
        return None
    return write_rayvision_files(scene, report, workspace)


def _is_big(scene: Path) -> bool:
    try:
        return scene.stat().st_size >= _BIG
    except (OSError, ValueError):
        return False


def _show(scene: Path, report: SceneReport, folder: Path | None) -> None:
    from rendermill.cli.app import out
    from rendermill.cli.scene_report import show

    show(scene, report)
    if folder is not None:
        out.print(f"task.json, asset.json, upload.json, tips.json: {folder}")
