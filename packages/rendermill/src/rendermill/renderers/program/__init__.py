"""Programs that an administrator has configured for render tasks: the command that starts them in a session."""

from __future__ import annotations

import shlex


def commands(python: str) -> dict[str, str]:
    """The command that sessions get on their PATH: name → script."""
    return {"rendermill-program": f'#!/bin/sh\nexec {shlex.quote(python)} -P -m rendermill.renderers.program "$@"\n'}
