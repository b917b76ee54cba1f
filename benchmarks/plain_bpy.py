"""The plain side of every comparison: bpy with nothing around it.

``BPY_PYTHON plain_bpy.py SCENE OUTPUT THREADS FRAME…`` imports bpy, loads the scene, renders and writes each frame. It
says how many seconds each took, what Blender does not count in its own ``Time:`` included: ``Took: 1.2345``.
"""

import os
import sys
import time
from pathlib import Path

import bpy


def main() -> None:
    """Render the frames."""
    scene_file, output, threads = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
    bpy.ops.wm.open_mainfile(filepath=scene_file, load_ui=False)
    scene = bpy.context.scene
    scene.render.threads_mode, scene.render.threads = "FIXED", threads
    scene.render.filepath = str(output / "plain_####")
    began = time.perf_counter()
    for frame in map(int, sys.argv[4:]):
        scene.frame_start = scene.frame_end = frame
        bpy.ops.render.render(animation=True)
        ended = time.perf_counter()
        print(f"Took: {ended - began:.4f}", flush=True)
        began = ended
    os._exit(0)  # as the farm's own Blender: a normal exit may wait for a thread of the sound system


main()
