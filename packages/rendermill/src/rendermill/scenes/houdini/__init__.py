"""Houdini scenes: .hip, .hiplc, .hipnc, without Houdini.

Reads the archive, finding its entries again where it is damaged, and from it: the time line, the nodes that render or
write in any network, cameras, takes, digital assets, renderer plug-ins, and the files that parameters name. Nothing is
computed but variables, look-ups of other parameters, and arithmetic.

``Renderable.kind`` is the type of the node (``ifd``, ``Redshift_ROP``, ``ris::22``). ``Renderable.details`` has:

* ``role``: ``render``, ``geometry`` (it writes geometry, a cache, USD), ``simulation`` (a distributed one), or
  ``driver`` (any other render operator);
* ``take``: the take that it asks for, ``_current_`` for the one that the scene was saved in;
* ``trange``: ``off`` (it renders the current frame), ``normal`` or ``on``; ``f``: first, last and step that it stores,
  which count unless it is off;
* ``export``: the description for the renderer (.ifd, .rs, .ass) that it writes, if it does;
* ``missing_camera``: true if it names a camera that is not in the scene;
* of a simulation ``output_driver``, ``output_file``, ``sliceType``, ``simControlName``, ``num_slices``,
  ``cluster_node``, ``slicediv`` (three).
"""

from __future__ import annotations

from rendermill.scenes.findings import Findings, Source
from rendermill.scenes.houdini.assets import read_assets
from rendermill.scenes.houdini.cameras import Cameras, size
from rendermill.scenes.houdini.evaluate import Evaluator
from rendermill.scenes.houdini.files import read_files
from rendermill.scenes.houdini.numbers import plain
from rendermill.scenes.houdini.rops import operators_of, read_rops
from rendermill.scenes.houdini.scene import Scene
from rendermill.scenes.report import FrameRange, Software

_PLATFORMS = (("win", "windows"), ("linux", "linux"), ("mac", "macos"), ("darwin", "macos"))


def read(source: Source, found: Findings) -> None:
    """Read a scene. Raises DamageError if it holds nothing that can be read."""
    scene = Scene(source, found)
    _read_time(scene, found)
    _read_software(scene, found)
    evaluator = Evaluator(scene, source)
    scene_cameras = Cameras(scene)
    found.cameras += scene_cameras.names(evaluator)
    rops = operators_of(scene)
    read_rops(scene, source, found, scene_cameras, rops)
    _sum_up(scene_cameras.nodes, evaluator, found)
    read_assets(scene, source, found)
    read_files(scene, source, found, frozenset(node for node, operator in rops.items() if not operator.guessed))


def _read_time(scene: Scene, found: Findings) -> None:
    time = scene.time
    if time.start is not None and time.end is not None:
        found.frames = FrameRange(plain(time.start), plain(time.end), 1, plain(time.fps))


def _read_software(scene: Scene, found: Findings) -> None:
    saved_on = scene.variables.get("_HIP_SAVEPLATFORM", "").casefold()
    platform = next((name for start, name in _PLATFORMS if saved_on.startswith(start)), "")
    found.software = Software("houdini", scene.variables.get("_HIP_SAVEVERSION", ""), platform)
    found.home = scene.variables.get("HIP", "")


def _sum_up(nodes: list[str], evaluator: Evaluator, found: Findings) -> None:
    """What holds for the whole scene: as its first ROP that renders has it, or else its first camera."""
    rendering = [each for each in found.renderables if each.details["role"] == "render"]
    rendering.sort(key=lambda each: not each.enabled)
    found.renderer = next((each.renderer for each in rendering if each.renderer), "")
    sizes = [each.resolution for each in rendering if each.enabled]
    if not any(sizes):
        sizes = [size(evaluator, node, ("resx", "resy")) for node in nodes]
    found.resolution = next(filter(None, sizes), None)
