"""Fixtures for all layers."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from rendermill.software.blender.installations import DEFAULT, Installation, exactly

pytest.register_assert_rewrite("contract")  # the suites there are no test modules by their names

# A shell that starts a run in the background has it ignore Ctrl-C, and all that the tests start would, too.
signal.signal(signal.SIGINT, signal.default_int_handler)

CAMPAIGN_SECONDS = 3600
ROOT = Path(__file__).resolve().parent.parent


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Campaigns at full length run only when asked for; their slices are tests of their own."""
    for item in items:
        if item.get_closest_marker("soak"):
            item.add_marker(pytest.mark.timeout(CAMPAIGN_SECONDS))
    if not os.environ.get("RENDERMILL_SOAK"):
        kept = [item for item in items if item.get_closest_marker("soak") is None]
        config.hook.pytest_deselected(items=[item for item in items if item not in kept])
        items[:] = kept


@pytest.fixture(scope="session")
def installation() -> Installation:
    """The default Blender. `make setup` installs it: a test that needs it fails without."""
    return exactly(DEFAULT)


@pytest.fixture(scope="session")
def bpy_python(installation: Installation) -> Path:
    """The Python that has bpy."""
    assert installation.is_module
    return installation.program


@pytest.fixture(scope="session")
def samples() -> Path:
    """Real scenes of other programs, which lie beside the checkout where there are any."""
    folder = ROOT.parent / "shared/samples"
    if not folder.is_dir():
        pytest.skip(f"no sample scenes at {folder}")
    return folder
