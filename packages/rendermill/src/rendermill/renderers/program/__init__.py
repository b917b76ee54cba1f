"""Programs of the administrator for render tasks: their arguments, and what starts them in a session."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence


def commands(python: str) -> dict[str, str]:
    """The command that sessions get on their PATH: name → script."""
    return {"rendermill-program": f'#!/bin/sh\nexec {shlex.quote(python)} -P -m rendermill.renderers.program "$@"\n'}


def filled_in(command: Sequence[str], told: Mapping[str, str]) -> list[str]:
    """Arguments with their places filled in, each place once: what is filled in is not looked at again."""
    return [_filled(argument, told) for argument in command]


def _filled(argument: str, told: Mapping[str, str]) -> str:
    parts = argument.split("__")
    # Every second part may be a name between two pairs of underscores.
    done, at = parts[0], 1
    while at < len(parts):
        if at + 1 < len(parts) and parts[at] in told:
            done += told[parts[at]] + parts[at + 1]
            at += 2
        else:
            done += f"__{parts[at]}"
            at += 1
    return done
