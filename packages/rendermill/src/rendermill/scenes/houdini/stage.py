"""What a stage tells a ROP that renders USD: camera, size and picture come from render settings it is wired to."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from rendermill.scenes.houdini import cameras, operators
from rendermill.scenes.houdini.cameras import Size
from rendermill.scenes.houdini.evaluate import Evaluator
from rendermill.scenes.houdini.scene import Scene, base, relative

_MOST_NODES = 300


def settings_of(scene: Scene, evaluator: Evaluator, rop: str) -> str:
    """The node with the render settings of a ROP, the nearest upstream; empty if there is none.

    Of a ROP that is wired to nothing, as in a damaged scene, the only ones there are.
    """
    wanted = evaluator.word(rop, "rendersettings")
    upstream = list(_upstream(scene, evaluator, rop))
    found = [node for node in upstream if base(scene.types[node]) in operators.RENDER_SETTINGS]
    if not upstream:
        everywhere = [node for type_ in operators.RENDER_SETTINGS for node in scene.by_type.get(type_, ())]
        found = everywhere if len(everywhere) == 1 else []
    named = (node for node in found if wanted and evaluator.word(node, "primpath") == wanted)
    return next(named, found[0] if found else "")


def sized(evaluator: Evaluator, rop: str, settings: str) -> Size | None:
    """The size of the pictures of a ROP that renders USD."""
    whole = cameras.size(evaluator, settings, ("resolutionx", "resolutiony")) if settings else None
    match evaluator.word(rop, "override_res"):
        case "specific":
            return cameras.size(evaluator, rop, ("res_user1", "res_user2"))
        case "scale":
            return cameras.scaled(whole, f"{evaluator.word(rop, 'res_scale') or '100'}/100")
    return whole


def _upstream(scene: Scene, evaluator: Evaluator, rop: str) -> Iterator[str]:
    """The nodes that a ROP gets its stage from, the nearest first."""
    path = evaluator.word(rop, "loppath")
    waiting = deque([*scene.inputs(rop), *([relative(rop, path)] if path else [])])
    seen: set[str] = set()
    while waiting and len(seen) < _MOST_NODES:
        node = waiting.popleft()
        if node in scene.types and node not in seen:
            seen.add(node)
            yield node
            waiting.extend(scene.inputs(node))
