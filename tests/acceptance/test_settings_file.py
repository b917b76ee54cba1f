"""``rendermill.toml``: defaults for the commands."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.command import run

SETTINGS = """
server = "http://127.0.0.1:9"

[user]
data = "{group}"

[user.create]
data = "{one}"
"""


def test_values_reach_every_command_that_has_the_option(tmp_path: Path) -> None:
    (tmp_path / ".config/rendermill").mkdir(parents=True)
    (tmp_path / ".config/rendermill/rendermill.toml").write_text(SETTINGS)
    result = run(tmp_path, "jobs")
    assert result.code == 5, result
    assert "http://127.0.0.1:9" in result.err


@pytest.mark.parametrize(("words", "folder"), [(["list"], "group"), (["create", "ann", "--password-stdin"], "one")])
def test_a_group_s_table_counts_for_the_commands_below_it(tmp_path: Path, words: list[str], folder: str) -> None:
    (tmp_path / "rendermill.toml").write_text(SETTINGS.format(group=tmp_path / "group", one=tmp_path / "one"))
    result = run(tmp_path, "user", *words, cwd=tmp_path, stdin="long enough\n")
    assert result.code == 0, result
    assert [path.parent.name for path in tmp_path.glob("*/farm.db")] == [folder]


def test_one_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "rendermill.toml").write_text("server = ")
    result = run(tmp_path, "jobs", cwd=tmp_path)
    assert result.code == 2
    assert "rendermill.toml" in result.err
    assert "Traceback" not in result.err
