"""Options that ``submit`` and ``render`` share: how a scene is to be rendered."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Frames = Annotated[str | None, typer.Option("--frames", "-f", help="1-24, 1-100x5, 1,3,7-9; default the scene's.")]
Engine = Annotated[str, typer.Option(help="CYCLES, EEVEE, WORKBENCH; default the scene's.")]
Samples = Annotated[int, typer.Option(min=0, help="Samples a pixel.")]
Resolution = Annotated[int, typer.Option(min=0, max=1000, help="Percent of the scene's size.")]
Camera = Annotated[str, typer.Option(help="The camera to render from.")]
SceneName = Annotated[str, typer.Option("--scene", help="The scene of the file to render.")]
Layer = Annotated[str, typer.Option(help="The view layer to render.")]
Format = Annotated[str, typer.Option(help="PNG, JPEG, TIFF, OPEN_EXR, OPEN_EXR_MULTILAYER …")]
Device = Annotated[str, typer.Option(help="CPU, CUDA, OPTIX, HIP, METAL or ONEAPI.")]
Pattern = Annotated[str, typer.Option(help="Names of the frames, # for digits; default SCENE_####.")]
Movie = Annotated[str, typer.Option(help="Also encode the frames to this MP4 (NAME.mp4).")]
AutoRun = Annotated[bool, typer.Option("--auto-run", help="Let scripts in the scene run. Only for scenes you trust.")]
AllowMissing = Annotated[bool, typer.Option("--allow-missing", help="Render although files are missing.")]
BlenderVersion = Annotated[str | None, typer.Option("--blender", help="The Blender version to use.", metavar="4.5")]
Output = Annotated[Path, typer.Option("--output", "-o", help="The folder for the files.")]
