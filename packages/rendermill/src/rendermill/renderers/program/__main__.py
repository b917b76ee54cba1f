"""``rendermill-program FILE FOLDER``: become the program that a file names, with its places filled in.

The file is JSON: ``command``, a list of arguments in which ``__id__``, ``__repository__``, ``__ticket__``, ``__host__``
and ``__user__`` stand for what ``told`` has under these names. The program finds the same in its environment, as
``CINNAMON_ID`` and so on, and in ``CINNAMON_OUTPUT`` the folder whose files become the task's result. There is no
shell.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path


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


def main(arguments: Sequence[str]) -> int:
    """Become the program; returns only if it cannot be started."""
    found = json.loads(Path(arguments[0]).read_text())
    told: dict[str, str] = found["told"]
    environment = {f"CINNAMON_{name.upper()}": value for name, value in told.items()}
    command = filled_in(found["command"], told)
    sys.stdout.flush()
    try:
        os.execvpe(command[0], command, {**os.environ, **environment, "CINNAMON_OUTPUT": arguments[1]})  # noqa: S606
    except OSError as error:
        sys.stdout.write(f"openjd_fail: {command[0]} cannot be started: {error.strerror}\n")
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
