"""Analysing a scene on this machine: its report, with the user's maps, from the cache if nothing has changed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from importlib.metadata import entry_points
from pathlib import Path

from rendermill.farm.model.errors import BadInputError, SoftwareMissingError
from rendermill.runtime import cache_folder
from rendermill.scenes.locate.locator import Maps
from rendermill.scenes.read import read_scene
from rendermill.scenes.report import SceneReport

_ANALYSES = "rendermill.analyses"


def analyze(scene: Path, maps: Maps = (), progress: Callable[[float], None] = lambda _: None) -> SceneReport:
    """The report of a scene of any format, whatever is in it.

    ``maps`` say where folders of other machines lie here, ``progress`` hears how far reading is (0 to 1). Raises
    :class:`BadInputError` if there is no such file.
    """
    return read_scene(scene, maps=maps, cache=cache_folder() / "reports", progress=progress)


def write_rayvision_files(scene: Path, report: SceneReport, workspace: Path) -> Path:
    """Write task.json, asset.json, upload.json and tips.json of a report into a new folder below ``workspace``.

    The classes that know how are those of the Rayvision SDK's names, a distribution of its own. Raises
    :class:`SoftwareMissingError` if it is not installed, :class:`BadInputError` if it has none for this application or
    the workspace cannot be made.
    """
    classes = {each.name: each for each in entry_points(group=_ANALYSES)}
    if not classes:
        raise SoftwareMissingError(
            "the files of the Rayvision SDK are written by a package that is not installed",
            where="workspace",
            remedy="pip install rendermill-rayvision",
        )
    if report.software.name not in classes:
        listed = ", ".join(sorted(classes))
        raise BadInputError(
            f"the Rayvision SDK has no scenes of {report.software.name}", where="workspace", remedy=f"It has: {listed}."
        )
    try:
        workspace.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadInputError(f"it cannot be made: {error.strerror or error}", where=str(workspace)) from error
    analysis = classes[report.software.name].load()(str(scene), None, None, None, workspace=str(workspace))
    return Path(analysis.take(report).workspace)


def parse_maps(texts: Iterable[str]) -> Maps:
    """Pairs from ``D:/=/mnt/d``: a prefix as scenes write it, and the folder here that it is.

    Raises :class:`BadInputError` for one without ``=``, with an empty side, or with a folder that is not there.
    """
    return tuple(_pair(text) for text in texts)


def _pair(text: str) -> tuple[str, str]:
    prefix, equals, target = text.partition("=")
    if not (equals and prefix.strip() and target.strip()):
        raise BadInputError(f"{text!r} is no map", where="map", remedy="Give it as PREFIX=FOLDER: 'D:/=/mnt/d'.")
    folder = Path(target.strip()).expanduser().absolute()
    if not folder.is_dir():
        raise BadInputError(f"there is no folder {folder}", where=f"map {prefix.strip()}")
    return prefix.strip(), str(folder)
