"""The users' storage over HTTP."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from blake3 import blake3

from rendermill.farm.model.storage import Area, storage_number
from rendermill.farm.model.submission import Submission
from support.native import Site, error_of, native_site
from support.templates import shell, template


@pytest_asyncio.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    async with native_site(tmp_path) as made:
        yield made


async def test_a_file_goes_in_and_comes_out(site: Site) -> None:
    site.user("ann")
    content = b"scene" * 100_000
    put = await site.call("ann", "PUT", "input/D:/show/my scene é.blend", content)
    assert put.status == 201
    digest = blake3(content).hexdigest()
    expected = {"path": "D/show/my scene é.blend", "hash": digest, "size": len(content)}
    assert expected.items() <= json.loads(put.body).items()
    got = await site.call("ann", "GET", "input//D/show/my scene é.blend")
    assert (got.status, got.body, got.headers["x-hash"]) == (200, content, digest)
    listed = json.loads((await site.call("ann", "GET", "input?folder=D/show")).body)
    assert [file["path"] for file in listed["files"]] == ["D/show/my scene é.blend"]
    assert (listed["used"], listed["quota"]) == (len(content), None)
    assert (await site.call("ann", "DELETE", "input/D/show/my scene é.blend")).status == 200
    assert (await site.call("ann", "GET", "input/D/show/my scene é.blend")).status == 404


async def test_nobody_without_a_key_gets_in(site: Site) -> None:
    for method in ("PUT", "GET", "DELETE"):
        assert (await site.call(None, method, "input/a")).status == 401


async def test_storages_are_reached_by_number_by_those_who_may(site: Site) -> None:
    site.user("ana")
    ben, eve = site.user("ben", main="ana"), site.user("eve")
    number = storage_number(ben, Area.INPUT)
    assert (await site.call("ben", "PUT", f"{number}/a", b"x")).status == 201
    assert (await site.call("ana", "GET", f"{number}/a")).body == b"x"
    refused = await site.call("eve", "GET", f"{number}/a")
    assert (refused.status, error_of(refused)) == (403, "not_allowed")
    assert (await site.call("eve", "PUT", f"{number}/a", b"y")).status == 403
    assert (await site.call("ben", "GET", f"{storage_number(eve, Area.INPUT)}/a")).status == 403


async def test_a_sub_account_that_shares_reaches_the_main_accounts_input_and_no_more(site: Site) -> None:
    ana = site.user("ana")
    site.user("ben", main="ana", shares_storage=True)
    site.user("cid", main="ana")
    number = storage_number(ana, Area.INPUT)
    assert (await site.call("ben", "PUT", f"{number}/a", b"x")).status == 201
    assert (await site.call("ana", "GET", "input/a")).body == b"x"
    assert (await site.call("ben", "GET", f"{storage_number(ana, Area.CONFIG)}/a")).status == 403
    assert (await site.call("cid", "GET", f"{number}/a")).status == 403


@pytest.mark.parametrize("storage", ["inputs", "0", "19", "99999991", "1" * 30, "..", "%2e%2e", "-12"])
async def test_other_storages_are_none(site: Site, storage: str) -> None:
    site.user("ann")
    for method in ("PUT", "GET"):
        assert (await site.call("ann", method, f"{storage}/a")).status == 404


@pytest.mark.parametrize("path", ["../a", "a/../../b", "a/./b", "..\\a", "a\x01b", "x" * 256, "a/" * 600 + "b"])
async def test_no_path_leads_out_and_nothing_is_kept(site: Site, path: str) -> None:
    site.user("ann")
    for method in ("PUT", "GET", "DELETE"):
        answer = await site.call("ann", method, f"input/{path}", b"x" if method == "PUT" else b"")
        assert (answer.status, error_of(answer)) == (400, "bad_input")
    assert json.loads((await site.call("ann", "GET", "input")).body)["files"] == []


async def test_a_full_storage_says_so_before_and_after_the_file_came(site: Site) -> None:
    site.user("ann", quota=100)
    assert (await site.call("ann", "PUT", "input/a", b"x" * 60)).status == 201
    over = await site.call("ann", "PUT", "config/b", b"x" * 41)
    assert (over.status, error_of(over)) == (507, "over_quota")
    listed = json.loads((await site.call("ann", "GET", "input")).body)
    assert (listed["used"], listed["quota"]) == (60, 100)


async def test_outputs_are_read_and_not_written(site: Site) -> None:
    site.user("ann")
    made = template(shell("mkdir {{Param.Out}}/beauty; echo hello > {{Param.Out}}/beauty/1.txt"), output="/out")
    farm = site.farm.farm
    await farm.ended(await farm.farm.submit(Submission(made, "ann", folder="7_shot")))
    assert (await site.call("ann", "GET", "output/7_shot/beauty/1.txt")).body == b"hello\n"
    listed = json.loads((await site.call("ann", "GET", "output?folder=7_shot/beauty")).body)
    assert [file["path"] for file in listed["files"]] == ["7_shot/beauty/1.txt"]
    for path in ("output/7_shot/none", "output/7_shot", "output/8_shot/beauty/1.txt"):
        assert (await site.call("ann", "GET", path)).status == 404
    assert (await site.call("ann", "PUT", "output/7_shot/x", b"x")).status == 400
    assert (await site.call("ann", "DELETE", "output/7_shot/beauty/1.txt")).status == 400
