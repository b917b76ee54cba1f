"""A farm with two repositories for each file, and who works on it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from support.cinnamon import CinnamonClient, Studio, studio
from support.cinnamon_admin import OTHER, group


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def farm(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Studio]:
    repositories = (("farm", "seed"), (OTHER, "seed"))
    async with studio(tmp_path_factory.mktemp("admin") / "farm", repositories=repositories) as made:
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def root(farm: Studio) -> CinnamonClient:
    """A superuser of the farm."""
    return await farm.connect("root", superuser=True)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def boss(farm: Studio, root: CinnamonClient) -> CinnamonClient:
    """A superuser of the repository alone."""
    client = await farm.connect("boss")
    await root.send("addusertogroup", user_id=client.user_id, group_id=await group(root, "_superusers"))
    return client


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def anna(farm: Studio) -> CinnamonClient:
    """A user like any other."""
    return await farm.connect("anna")
