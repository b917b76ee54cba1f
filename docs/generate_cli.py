"""Writes ``docs/reference/cli.md`` from what ``rendermill COMMAND --help`` says.

Run it as ``.venv/bin/python docs/generate_cli.py`` whenever a command or an option changes. With ``--check`` it
writes nothing and exits with 1, showing the difference, if the page is out of date.
"""

from __future__ import annotations

import difflib
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

PAGE = Path(__file__).parent / "reference/cli.md"
RENDERMILL = Path(sys.executable).parent / "rendermill"
WIDTH = 100
_COMMAND = re.compile(r"^│ ([a-z][a-z-]*) ", re.MULTILINE)
_HEAD = """\
# The command line

<!-- Written by docs/generate_cli.py from --help. Do not edit it by hand. -->

This page is what `rendermill COMMAND --help` prints. The values that every command shares are in
[settings](settings.md), the exit statuses in [exit codes](exit-codes.md).
"""


def main() -> int:
    """Write the page, or compare it; returns the exit status."""
    found = page()
    if "--check" not in sys.argv[1:]:
        PAGE.write_text(found, encoding="utf-8")
        return 0
    kept = PAGE.read_text(encoding="utf-8") if PAGE.exists() else ""
    lines = difflib.unified_diff(kept.splitlines(True), found.splitlines(True), str(PAGE), "rendermill --help")
    sys.stdout.writelines(lines)
    return int(kept != found)


def page() -> str:
    """The whole page: the program, each command, each command of a group and of the groups in it."""
    with tempfile.TemporaryDirectory() as home, ThreadPoolExecutor() as pool:
        ask = partial(help_text, Path(home))
        root = ask("")
        texts: dict[str, str] = {}
        commands = asked = _COMMAND.findall(root)
        while asked:
            texts |= zip(asked, pool.map(ask, asked), strict=True)
            asked = [f"{name} {sub}" for name in asked for sub in _subs(texts[name])]
    return _HEAD + _section("", root) + "".join(_sections(commands, texts))


def _sections(names: list[str], texts: dict[str, str]) -> Iterator[str]:
    """The sections of commands, each followed by those of the commands below it."""
    for name in names:
        yield _section(name, texts[name])
        yield from _sections([f"{name} {sub}" for sub in _subs(texts[name])], texts)


def _subs(text: str) -> list[str]:
    """The commands of a group; none where the text is an ordinary command's."""
    return _COMMAND.findall(text.partition("─ Commands ─")[2])


def help_text(home: Path, words: str) -> str:
    """What ``rendermill WORDS --help`` prints, whatever the settings and the terminal of whoever runs this."""
    environment = {"PATH": os.defpath, "HOME": str(home), "COLUMNS": str(WIDTH), "LANG": "C.UTF-8", "TERM": "dumb"}
    command = [str(RENDERMILL), *words.split(), "--help"]
    said = subprocess.run(command, env=environment, cwd=home, capture_output=True, encoding="utf-8", check=True).stdout
    return "\n".join(line.rstrip() for line in said.strip().splitlines())


def _section(name: str, text: str) -> str:
    return f"\n## {f'rendermill {name}'.strip()}\n\n```text\n{text}\n```\n"


if __name__ == "__main__":
    sys.exit(main())
