"""The Cinnamon door keeps the contract: over HTTP, and in this process where the clock can be turned."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from contract.cinnamon_objects import Searches
from contract.cinnamon_states import Lifecycles, Moves
from contract.cinnamon_suite import CinnamonSuite
from contract.cinnamon_tasks import Tasks, Workers
from contract.cinnamon_words import Stage
from rendermill.store.cinnamon.records import CLASSIC, SEED
from support.cinnamon import REPOSITORY, Studio, studio
from support.cinnamon_served import Served, served


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("cinnamon"), CLASSIC) as started:
        yield started


class TestOverHttp(CinnamonSuite):
    """A repository with this product's names, on a server of its own."""

    @pytest.fixture
    def stage(self, server: Served) -> Stage:
        return Stage(server, REPOSITORY, SEED)


class TestClassicOverHttp(Tasks, Workers, Searches, Lifecycles, Moves):
    """One with the names of older servers beside it: the cases in which names are told."""

    @pytest.fixture
    def stage(self, server: Served) -> Stage:
        return Stage(server, CLASSIC, CLASSIC)


# --- in this process ---------------------------------------------------------------------------------------------


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Studio]:
    async with studio(tmp_path / "farm") as made:
        yield made


_EXPIRED = "error.session.expired"
_LIFETIME = 3600.0


async def test_a_session_lasts_anew_with_every_command_and_expires_without(here: Studio) -> None:
    anna = await here.connect("anna")
    for _ in range(3):
        here.clock.turn(_LIFETIME - 1)
        await anna.send("listlifecycles")
    here.clock.turn(_LIFETIME + 1)
    assert await anna.refused("listlifecycles") == _EXPIRED
    assert await anna.refused("forksession") == _EXPIRED
    assert await anna.text("disconnect") == "success.disconnect", "it need not last for that"


async def test_a_session_that_expires_before_a_download_is_seen_in_its_first_bytes(here: Studio) -> None:
    anna = await here.connect("anna")
    made = await anna.create(content=b"x" * 100_000)
    here.clock.turn(_LIFETIME + 1)
    answer = await anna.raw("getcontent", id=made)
    assert answer.status == 200
    assert b"<code>error.session.expired</code>" in answer.body[:1024]
    assert answer.body.endswith(b"</error>")


async def test_a_forked_session_lasts_when_the_one_it_was_forked_of_has_expired(here: Studio) -> None:
    anna = await here.connect("anna")
    forked = here.client(await anna.text("forksession", "ticket"))
    here.clock.turn(_LIFETIME + 1)
    assert await anna.refused("listlifecycles") == _EXPIRED
    assert await forked.send("listlifecycles") is not None
