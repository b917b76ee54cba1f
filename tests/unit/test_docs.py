"""The documentation says what the code does."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import fields
from enum import StrEnum
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Any, cast

import pytest

from rendermill.doors.native.app import Parts, native_app
from rendermill.doors.native.errors import HTTP_STATUS
from rendermill.farm.model.errors import EXIT_CODES
from rendermill.farm.model.status import JOB_MOVES, TASK_MOVES, AttemptStatus, JobStatus, TaskStatus
from rendermill.renderers.blender import BlenderWishes, draft
from rendermill.scenes.report import FrameRange, Renderable, SceneReport, Software
from rendermill.software.blender.installations import Installation

ROOT = Path(__file__).resolve().parents[2]
REFERENCE = ROOT / "docs/reference"
SOURCES = ROOT / "packages/rendermill/src"
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_VARIABLE = re.compile(r"\bRENDERMILL_[A-Z]+(?:_[A-Z]+)*\b")
_ROUTE = re.compile(r"^### `([A-Z]+) (/\S*)`$", re.MULTILINE)
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


def reference(name: str) -> str:
    return (REFERENCE / name).read_text(encoding="utf-8")


def section(text: str, heading: str) -> str:
    """What follows a heading, to the next one."""
    following = re.split(rf"^{re.escape(heading)}$", text, flags=re.MULTILINE)
    assert len(following) == 2, f"one heading {heading!r}"
    return re.split(r"^#", following[1], maxsplit=1, flags=re.MULTILINE)[0]


def rows(text: str) -> list[list[str]]:
    """The cells of every row of the tables in a text, heads and rules left out, backticks too."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    ruled = [line.startswith("|---") for line in lines]
    bodies = [line for line, *rules in zip(lines, ruled, [*ruled[1:], False], strict=True) if not any(rules)]
    return [[cell.strip(" `") for cell in line[1:-1].split("|")] for line in bodies]


def pairs(text: str) -> dict[str, set[str]]:
    """A table of moves: each first cell with all its second ones."""
    found: dict[str, set[str]] = {}
    for source, target, *_ in rows(text):
        found.setdefault(source, set()).add(target)
    return found


def test_the_readme_lists_every_command() -> None:
    commands = re.findall(r"^## rendermill ([\w-]+)$", reference("cli.md"), re.MULTILINE)
    table = section((ROOT / "README.md").read_text(encoding="utf-8"), "## The commands")
    assert commands
    assert [row[0] for row in rows(table)] == commands


def test_every_exit_status_is_explained() -> None:
    table = [(code, int(status)) for status, code, *_ in rows(reference("exit-codes.md")) if code]
    assert dict(table) == EXIT_CODES
    assert len(table) == len(EXIT_CODES)


def test_every_error_has_its_http_status_explained() -> None:
    table = rows(section(reference("http-api.md"), "## Errors"))
    assert {code: int(status) for code, status in table} == HTTP_STATUS


def test_the_api_page_has_every_route_and_no_other() -> None:
    app = native_app(Parts(*(cast(Any, None) for _ in fields(Parts))))
    paths: Mapping[str, Mapping[str, object]] = app.openapi()["paths"]
    routes = {(method.upper(), path) for path, methods in paths.items() for method in methods}
    assert set(_ROUTE.findall(reference("http-api.md"))) == routes


def test_every_field_of_a_new_job_is_explained() -> None:
    from rendermill.doors.native.schemas import JobIn

    table = rows(section(reference("http-api.md"), "### `POST /api/v1/jobs`"))
    assert {row[0] for row in table} == set(JobIn.model_fields)


@pytest.mark.parametrize(("heading", "moves"), [("### Moves of a task", TASK_MOVES), ("### Moves of a job", JOB_MOVES)])
def test_the_tables_of_moves_are_the_farms(heading: str, moves: Mapping[StrEnum, Iterable[StrEnum]]) -> None:
    legal = {str(source): {str(target) for target in targets} for source, targets in moves.items() if targets}
    assert pairs(section(reference("statuses.md"), heading)) == legal


@pytest.mark.parametrize(
    ("heading", "statuses"), [("## Tasks", TaskStatus), ("## Jobs", JobStatus), ("## Attempts", AttemptStatus)]
)
def test_every_status_is_explained(heading: str, statuses: type[StrEnum]) -> None:
    listed = [row[0] for row in rows(section(reference("statuses.md"), heading))]
    assert listed == [str(status) for status in statuses]


def test_every_parameter_of_a_blender_job_is_explained() -> None:
    frames = FrameRange(1, 24, 1, 24.0)
    layer = Renderable(
        "Scene/ViewLayer", "view_layer", frames, ("Camera",), (4, 3), "CYCLES", "", enabled=True, active=True
    )
    report = SceneReport("blend", Software("blender"), frames, (4, 3), "CYCLES", ("Camera",), (layer,), ())
    made = draft(
        Path("/a/b.blend"), report, BlenderWishes(), PurePosixPath("/out"), Installation((4, 5), Path(), is_module=True)
    )
    table = rows(section(reference("renderer-blender.md"), "## Parameters"))
    assert {row[0] for row in table} == {each["name"] for each in made.template["parameterDefinitions"]}


def test_every_environment_variable_that_the_code_names_is_explained() -> None:
    named = {found for file in SOURCES.rglob("*.py") for found in _VARIABLE.findall(file.read_text(encoding="utf-8"))}
    explained = set(_VARIABLE.findall(reference("settings.md")))
    assert named
    assert named - explained == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    links = [link for link in _LINK.findall(page.read_text(encoding="utf-8")) if "://" not in link]
    broken = [link for link in links if not leads(page, link)]
    assert broken == []


def leads(page: Path, link: str) -> bool:
    """Whether the file is there, and in it the heading."""
    path, _, anchor = link.partition("#")
    target = (page.parent / path).resolve() if path else page
    return target.exists() and (not anchor or anchor in anchors(target))


@cache
def anchors(page: Path) -> set[str]:
    """The names by which the headings of a page are linked to."""
    headings = _HEADING.findall(page.read_text(encoding="utf-8"))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
