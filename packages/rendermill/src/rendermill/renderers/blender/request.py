"""Parts of a Blender scene, as a render service's client asks for them."""

from __future__ import annotations

from typing import Any

from rendermill.farm.model.errors import BadInputError
from rendermill.renderers.blender import FORMATS, LAST_FRAME, blender_environment, check_pattern
from rendermill.renderers.request import Part, Request, Values

FRAME_COMMAND = "rendermill-blender-frame"
SETTINGS = frozenset({"scene", "layer", "camera", "format", "pattern", "width", "height"})


class BlenderApplication:
    """Warm Blenders (:class:`rendermill.renderers.request.Application`)."""

    def step(self, request: Request, part: Part, number: int, values: Values) -> dict[str, Any]:
        """The steps of a part. Its settings are those of :data:`SETTINGS`."""
        _check(part)
        if "BlenderVersion" not in values.values:
            values.parameter("BlenderVersion", request.version)
        settings = {
            "path": "{{Param.Scene}}",
            "output": "{{Param.OutputDir}}",
            "pattern": values.text(f"Pattern{number}", _pattern(request, part)),
            "rules_file": "{{Session.PathMappingRulesFile}}",
        }
        for name in sorted(SETTINGS - {"pattern"}):
            if part.settings.get(name):
                settings[name] = values.text(f"{name.capitalize()}{number}", part.settings[name])
        return {
            "stepEnvironments": [blender_environment(settings)],
            "script": {"actions": {"onRun": {"command": FRAME_COMMAND, "args": ["{{Task.Param.Frame}}"]}}},
        }


def _check(part: Part) -> None:
    for frame in (*part.frames, *part.first):
        if not 0 <= frame <= LAST_FRAME:
            raise BadInputError(f"Blender has no frame {frame}", where="frames", remedy=f"0 to {LAST_FRAME}.")
    wanted = part.settings.get("format", "")
    if wanted and wanted.upper() not in FORMATS:
        raise BadInputError(f"{wanted!r} is no picture format that is rendered here", where="Render_Format")


def _pattern(request: Request, part: Part) -> str:
    name = part.settings.get("pattern") or f"{request.scene.stem}_####"
    return check_pattern(f"{part.folder}/{name}" if part.folder else name)
