"""Loads a scene and writes what a farm must know of it as one JSON object: ``scan SCENE OUTPUT``.

Scripts of the scene do not run. The object is the scene report of :mod:`rendermill.scenes.report`.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import bpy

from rendermill.software.blender.inside.files import Use, external_files


def report() -> dict[str, Any]:
    """The loaded scene's report."""
    scene = bpy.context.scene
    major, minor, _ = bpy.data.version
    return {
        "format": "blend",
        "software": {"name": "blender", "version": f"{major}.{minor}"},
        "frames": _frames(scene),
        "resolution": _resolution(scene),
        "renderer": scene.render.engine,
        "cameras": [thing.name for thing in scene.objects if thing.type == "CAMERA"],
        "renderables": [_renderable(s, layer) for s in bpy.data.scenes for layer in s.view_layers],
        "files": [_file(use) for use in external_files()],
        "plugins": [],
        "warnings": _warnings(scene),
    }


def _frames(scene: Any) -> dict[str, Any]:
    fps = scene.render.fps / scene.render.fps_base
    return {"start": scene.frame_start, "end": scene.frame_end, "step": scene.frame_step, "fps": fps}


def _resolution(scene: Any) -> list[int]:
    render = scene.render
    return [render.resolution_x * render.resolution_percentage // 100, _height(render)]


def _height(render: Any) -> int:
    return int(render.resolution_y * render.resolution_percentage // 100)


def _renderable(scene: Any, layer: Any) -> dict[str, Any]:
    return {
        "name": f"{scene.name}/{layer.name}",
        "kind": "view_layer",
        "frames": _frames(scene),
        "cameras": [scene.camera.name] if scene.camera else [],
        "resolution": _resolution(scene),
        "renderer": scene.render.engine,
        "output": scene.render.filepath,
        "enabled": bool(layer.use),
        "scene": scene.name,
        "layer": layer.name,
        "format": scene.render.image_settings.file_format,
        "active": scene == bpy.context.scene,
    }


def _file(use: Use) -> dict[str, Any]:
    state = "missing"
    if use.found:
        state = "resolved" if use.kind == "file" else "pattern"
    return {
        "path": use.raw,
        "used_by": use.owner,
        "state": state,
        "resolved": use.path,
        "count": len(use.files),
        "files": use.files,
    }


def _warnings(scene: Any) -> list[str]:
    found = []
    if scene.camera is None:
        found.append(f"the scene {scene.name} has no camera")
    if scene.render.image_settings.file_format in ("FFMPEG", "AVI_JPEG", "AVI_RAW"):
        found.append("the scene writes a movie: frames are rendered as PNG; --movie encodes them")
    return found


def main() -> int:
    """Load the scene and write its report."""
    scene, output = sys.argv[1], Path(sys.argv[2])
    try:
        bpy.ops.wm.open_mainfile(filepath=scene, load_ui=False, use_scripts=False)
    except RuntimeError as error:
        output.write_text(json.dumps({"error": str(error).strip()}))
        return 1
    output.write_text(json.dumps(report()))
    return 0


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    os._exit(code)  # a normal exit may wait for ever for a thread of Blender's sound system
