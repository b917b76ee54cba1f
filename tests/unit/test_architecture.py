"""Rules of the code as a whole, held by reading it."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
from collections import Counter
from pathlib import Path

import pytest

import rendermill
import rendermill_rayvision
from rendermill.doors.native.errors import HTTP_STATUS
from rendermill.farm.model.errors import EXIT_CODES, RendermillError

PACKAGE = Path(rendermill.__file__).parent
MODULES = sorted(PACKAGE.rglob("*.py"))
RAYVISION = Path(rendermill_rayvision.__file__).parent.parent
EVERY_MODULE = [*MODULES, *sorted(RAYVISION.rglob("*.py"))]
MAX_LINES = 450
STATUS_TABLES = {"jobs", "tasks", "attempts", "steps"}
_RAW_UPDATE = re.compile(rf"\bUPDATE\s+({'|'.join(STATUS_TABLES)})\b", re.IGNORECASE)


def named(path: Path) -> str:
    return path.relative_to(PACKAGE if path.is_relative_to(PACKAGE) else RAYVISION).as_posix()


def every_error() -> list[type[RendermillError]]:
    """Every class of error there is, wherever it is defined."""
    for module in pkgutil.walk_packages([str(PACKAGE)], "rendermill."):
        parts = module.name.split(".")
        if "inside" not in parts and "migrations" not in parts and parts[-1] != "__main__":
            importlib.import_module(module.name)
    found, queue = [], [RendermillError]
    while queue:
        found.append(queue.pop())
        queue += [cls for cls in found[-1].__subclasses__() if cls.__module__.startswith("rendermill.")]
    return found


ERRORS = every_error()


# --- errors ------------------------------------------------------------------------------------------------------


def test_every_error_has_a_code_of_its_own() -> None:
    assert all("code" in vars(cls) for cls in ERRORS)
    assert [code for code, times in Counter(cls.code for cls in ERRORS).items() if times > 1] == []


@pytest.mark.parametrize("cls", ERRORS, ids=lambda cls: cls.__name__)
def test_every_error_has_an_exit_status(cls: type[RendermillError]) -> None:
    assert cls.code in EXIT_CODES


@pytest.mark.parametrize("cls", ERRORS, ids=lambda cls: cls.__name__)
def test_every_error_has_an_http_status(cls: type[RendermillError]) -> None:
    assert cls.code in HTTP_STATUS


def test_the_tables_name_only_errors_that_there_are() -> None:
    codes = {cls.code for cls in ERRORS}
    assert set(EXIT_CODES) <= codes
    assert set(HTTP_STATUS) <= codes


def test_exit_and_http_statuses_are_such() -> None:
    assert all(1 <= status < 126 for status in EXIT_CODES.values())
    assert all(400 <= status < 600 for status in HTTP_STATUS.values())


# --- statuses move in one place ----------------------------------------------------------------------------------


def updates(source: str) -> list[int]:
    """The lines that change rows of the tables that have statuses."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant):
            updating = isinstance(node.value, str) and _RAW_UPDATE.search(node.value)
            found += [node.lineno] if updating else []
        elif isinstance(node, ast.Call) and _updates_a_status_table(node):
            found.append(node.lineno)
    return found


def _updates_a_status_table(call: ast.Call) -> bool:
    """``update(jobs)``, ``sa.update(schema.jobs)``, ``jobs.update()``."""
    if _last_name(call.func) != "update":
        return False
    owner = [call.func.value] if isinstance(call.func, ast.Attribute) else []
    return any(_last_name(each) in STATUS_TABLES for each in (*owner, *call.args))


def _last_name(node: ast.expr) -> str:
    if isinstance(node, ast.Name):
        return node.id
    return node.attr if isinstance(node, ast.Attribute) else ""


def test_statuses_are_updated_in_the_store_s_moves_and_nowhere_else() -> None:
    found = {named(path): lines for path in MODULES if (lines := updates(path.read_text()))}
    assert list(found) == ["store/moves.py"]


@pytest.mark.parametrize(
    "written", ["update(tasks)", "sa.update(schema.jobs)", "attempts.update()", "text('update steps set n_ready = 1')"]
)
def test_the_search_for_updates_finds_them(written: str) -> None:
    assert updates(f"made = 1\nused = {written}.values(status=1)") == [2]


# --- modules -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", EVERY_MODULE, ids=named)
def test_no_module_is_too_long(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= MAX_LINES


@pytest.mark.parametrize("path", [path for path in EVERY_MODULE if path.name == "__init__.py"], ids=named)
def test_every_package_says_what_it_is(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text()))


def test_every_folder_of_modules_is_a_package() -> None:
    folders = {path.parent for path in EVERY_MODULE} - set((PACKAGE / "store/migrations").rglob("*"))
    without = [named(folder) for folder in folders if not (folder / "__init__.py").exists()]
    assert sorted(without) in ([], ["store/migrations"]), "alembic reads that folder by itself"
