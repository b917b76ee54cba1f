"""Both distributions as they are installed from a checkout, not in place as the tests have them."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import Distribution, distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
PACKAGES = sorted(path.parent for path in ROOT.glob("packages/*/pyproject.toml"))


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that has them."""
    folder = tmp_path_factory.mktemp("installed")
    uv, python = Path(sys.executable).parent / "uv", sys.executable
    command = [uv, "pip", "install", "--no-deps", "--no-build-isolation", "--python", python, "--target", folder]
    done = subprocess.run([*map(str, command), *map(str, PACKAGES)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder


def test_every_module_is_in_them(installed: Path) -> None:
    assert [path.name for path in PACKAGES] == ["rendermill", "rendermill-rayvision"]
    for package in PACKAGES:
        for path in (package / "src").rglob("*"):
            if path.is_file() and path.suffix != ".pyc":
                assert (installed / path.relative_to(package / "src")).is_file(), path


def test_each_class_that_analyses_is_where_its_entry_point_says(installed: Path) -> None:
    found: dict[str, Distribution] = {each.name: each for each in distributions(path=[str(installed)])}
    points = found["rendermill-rayvision"].entry_points.select(group="rendermill.analyses")
    assert len(points) == 7
    for point in points:
        module, _, name = point.value.partition(":")
        assert f"class {name}(" in (installed / f"{module.replace('.', '/')}.py").read_text()
