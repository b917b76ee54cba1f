"""What a ROP writes, as the scene has it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rendermill.scenes.houdini.evaluate import Evaluator
from rendermill.scenes.houdini.grammar import Component
from rendermill.scenes.houdini.operators import Operator
from rendermill.scenes.houdini.paths import special
from rendermill.scenes.houdini.values import UnknownValueError

_VARIABLE = re.compile(r"\$(\w+)")
_OFF = ("", "off", "0", "render")


def raw(evaluator: Evaluator, node: str, name: str) -> str:
    """A text as the scene writes it; of one that a channel drives, what the channel says if that is a text."""
    value = evaluator.component(node, name)
    if value is None or not value.channel:
        return value.value if value else ""
    try:
        return evaluator.text(node, value).raw
    except UnknownValueError:
        return value.value


def pictures(evaluator: Evaluator, node: str, operator: Operator) -> Iterator[tuple[str, Component]]:
    """The parameter that names what is rendered or cached, and its value; none for a window."""
    constructed = _constructed(evaluator, node)
    if constructed is not None:
        yield "sopoutput", constructed
        return
    for name in operator.outputs:
        value = evaluator.component(node, name)
        if value is not None and not special(raw(evaluator, node, name)):
            yield name, value
            return


def exports(evaluator: Evaluator, node: str, operator: Operator) -> Iterator[tuple[str, Component]]:
    """The parameters that name descriptions for the renderer which are written, and their values."""
    for name, gate in operator.exports:
        value = evaluator.component(node, name)
        if evaluator.word(node, gate) not in _OFF and value is not None and not special(value.value):
            yield name, value


def _constructed(evaluator: Evaluator, node: str) -> Component | None:
    """The path that a File Cache 2.0 makes of its name and version; None if it is given one, or is another node.

    ``geo/smoke/v1/smoke_v1.0001.bgeo.sc`` for the folder ``geo`` and the name ``smoke``.
    """
    if evaluator.word(node, "filemethod") not in ("0", "constructed"):
        return None
    folder, name = (_VARIABLE.sub(r"${\1}", raw(evaluator, node, parm)) for parm in ("basedir", "basename"))
    version = evaluator.word(node, "version") if evaluator.word(node, "enableversion") in ("on", "1") else ""
    frame = ".$F4" if evaluator.word(node, "timedependent") in ("on", "1") else ""
    if not name:
        return None
    between = f"{name}/v{version}/{name}_v{version}" if version else f"{name}/{name}"
    return Component(f"{folder}/{between}{frame}{evaluator.word(node, 'filetype')}")
