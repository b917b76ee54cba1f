"""The database of parameter names that Houdini analyses learn, and the reports that they keep beside it."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from rayvision_houdini.analyze_houdini import AnalyzeHoudini
from rendermill.scenes.report import State
from rendermill_rayvision.learned import database_folder, remember
from support.rayvision_sdk import made, reads, report, rop, run, scene_file, used


def learned(folder: Path) -> set[str]:
    with closing(sqlite3.connect(folder / "data_tl.db")) as database:
        return {name for (name,) in database.execute("SELECT TYPES FROM ReFerType")}


def columns(folder: Path) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(folder / "data_tl.db")) as database:
        return [row[1:3] + row[5:6] for row in database.execute("PRAGMA table_info(ReFerType)")]


def test_names_of_parameters_are_learned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    uses = (
        used("/x/a.bgeo", by="/obj/a/file1 file, /obj/a/alembic1 fileName"),
        used("/x/b.rat", by="/shop/m tex 1"),
        used("/x/tool.hda", by="/obj hda", raw="/x/tool.HDA"),
        used("/x/c.png", by="set.usda: /Mat inputs:file"),
        used("/x/d.rs", by="scene RS_proxy"),
        used("/x/e.exr", by="/obj/cam1 vm_background"),
        used("/x/f.exr", by="/out/mantra1 vm_picture", state=State.OUTPUT),
    )
    reads(monkeypatch, report(renderables=(rop(),), files=uses))
    folder = tmp_path / "db"
    folder.mkdir()
    run(made(AnalyzeHoudini, scene_file(tmp_path), tmp_path, custom_db_path=str(folder)))
    assert learned(folder) == {"file", "fileName", "vm_background"}
    assert columns(folder) == [("TYPES", "TEXT", 1), ("INFO", "TEXT", 0)]


def test_what_was_learned_stays(tmp_path: Path) -> None:
    remember(tmp_path, ["a"])
    remember(tmp_path, ["b", "a"])
    assert learned(tmp_path) == {"file", "a", "b"}


def test_the_folder_is_the_script_s_or_the_environment_s_or_the_default(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert database_folder(None) == home / "renderfarm_sdk"
    assert database_folder(tmp_path / "none") == home / "renderfarm_sdk"
    assert database_folder("x" * 5000) == home / "renderfarm_sdk"
    monkeypatch.setenv("RAYVISION_HOUDINI", str(tmp_path / "named/below"))
    assert database_folder("") == tmp_path / "named/below"
    assert database_folder(str(tmp_path)) == tmp_path


def test_a_folder_that_is_not_there_is_made(tmp_path: Path) -> None:
    remember(tmp_path / "named/below", [])
    assert learned(tmp_path / "named/below") == {"file"}


def test_processes_may_learn_at_once(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from rendermill_rayvision.learned import remember\n"
        "for n in range(25): remember(Path(sys.argv[1]), [f'{sys.argv[2]}_{n}', 'same'])"
    )
    running = [subprocess.Popen([sys.executable, "-c", program, str(tmp_path), str(n)]) for n in range(4)]
    assert [each.wait() for each in running] == [0, 0, 0, 0]
    assert learned(tmp_path) == {"file", "same", *(f"{p}_{n}" for p in range(4) for n in range(25))}


def test_a_database_that_is_none_costs_a_warning_and_no_analysis(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "data_tl.db").write_bytes(b"no database" * 1000)
    reads(monkeypatch, report(renderables=(rop(),)))
    analysis = run(made(AnalyzeHoudini, scene_file(tmp_path), tmp_path, custom_db_path=tmp_path))
    assert Path(analysis.task_json).is_file()
    assert [each.getMessage() for each in caplog.records if each.levelname == "WARNING"] == [
        f"{tmp_path}: cannot be written: file is not a database"
    ]
