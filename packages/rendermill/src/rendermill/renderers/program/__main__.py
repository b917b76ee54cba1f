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
from collections.abc import Sequence
from pathlib import Path

from rendermill.renderers.program import filled_in


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
