"""Writes ``docs/reference/cinnamon-commands.md`` from the table of commands that the door has.

Run it as ``.venv/bin/python docs/generate_cinnamon.py`` whenever a command or its parameters change. With ``--check``
it writes nothing and exits with 1 if the page is out of date.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import rendermill.doors.cinnamon.app  # noqa: F401 - it knows all commands
from rendermill.doors.cinnamon.commands.unserved import UNSERVED
from rendermill.doors.cinnamon.registry import COMMANDS, Command

PAGE = Path(__file__).parent / "reference/cinnamon-commands.md"
_HEAD = """\
# Cinnamon commands

<!-- Written by docs/generate_cinnamon.py from the commands' own descriptions. Do not edit it by hand. -->

Parameters stand behind the colon, those that may be left out in square brackets. Every command takes `command` and
`ticket`, the latter also as an HTTP header. What they have in common is in [the Cinnamon door](cinnamon.md).

## sessions

| command | what it does |
|---|---|
| `connect` | A ticket: repository, user, pwd, [machine language]. |
| `disconnect` | End the session of the ticket. |
| `forksession` | Another ticket of the same user. |
| `sudo` | A ticket of another user, for sudoers and of sudoable users: user_id. |
| `initializedatabase` | Refused: users are made by `rendermill user create`. |
"""


def main() -> int:
    """Write the page, or compare it; returns the exit status."""
    found = _HEAD + "".join(_sections())
    if "--check" not in sys.argv[1:]:
        PAGE.write_text(found, encoding="utf-8")
        return 0
    return int(PAGE.read_text(encoding="utf-8") != found)


def _sections() -> Iterator[str]:
    by_subject: dict[str, list[Command]] = defaultdict(list)
    for name in sorted(COMMANDS.keys() - set(UNSERVED)):
        by_subject[COMMANDS[name].handler.__module__.rpartition(".")[2]].append(COMMANDS[name])
    for subject in sorted(by_subject):
        yield f"\n## {subject}\n\n| command | what it does |\n|---|---|\n"
        for each in by_subject[subject]:
            text = " ".join((each.handler.__doc__ or "").replace("``", "`").replace("|", r"\|").split())
            yield f"| `{each.name}` | {text} |\n"
    listed = ", ".join(f"`{name}`" for name in sorted(UNSERVED))
    yield f"\n## not served\n\nThese are answered by `error.command.not_served`: {listed}.\n"


if __name__ == "__main__":
    sys.exit(main())
