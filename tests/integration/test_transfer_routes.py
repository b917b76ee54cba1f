"""Contents and offers over HTTP."""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from blake3 import blake3

from rendermill.assets.framing import BATCH_LIMIT, CHUNK_BYTES, SMALL_BYTES, pack
from rendermill.doors.native import blobs as routes
from rendermill.farm.model.storage import Area, storage_number
from support.asgi import Answer, request
from support.native import Site, error_of, native_site

CONTENT = b"content"
NOBODY = "0" * 64


@pytest_asyncio.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    async with native_site(tmp_path) as made:
        made.user("ann")
        yield made


def digest(content: bytes) -> str:
    return blake3(content).hexdigest()


def offered(name: str, content: bytes = CONTENT, **other: Any) -> dict[str, Any]:
    return {"path": name, "hash": digest(content), "size": len(content), **other}


async def offer(site: Site, *files: dict[str, Any], storage: str = "input", user: str | None = "ann") -> Answer:
    body = json.dumps({"files": files}).encode()
    return await site.ask(user, "POST", f"files/{storage}", body, content_type="application/json")


async def put(site: Site, content: bytes = CONTENT, name: str | None = None) -> Answer:
    return await site.ask("ann", "PUT", f"blobs/{name or digest(content)}", content)


async def names(site: Site, storage: str = "input", user: str = "ann") -> dict[str, str]:
    listed = json.loads((await site.call(user, "GET", storage)).body)["files"]
    return {file["path"]: file["hash"] for file in listed}


def refusal(answer: Answer) -> tuple[int, str, str]:
    error = json.loads(answer.body)["error"]
    return answer.status, error["code"], error["where"]


# --- offers ------------------------------------------------------------------------------------------------------


async def test_files_whose_contents_are_here_get_their_names_and_the_others_are_told(site: Site) -> None:
    await put(site)
    answer = await offer(site, offered("a"), offered("b", b"other"), offered("c/d"), offered("e", b"other"))
    assert (answer.status, json.loads(answer.body)) == (200, {"missing": [digest(b"other")]})
    assert await names(site) == {"a": digest(CONTENT), "c/d": digest(CONTENT)}
    await put(site, b"other")
    answer = await offer(site, offered("a"), offered("b", b"other"), offered("e", b"other"))
    assert json.loads(answer.body) == {"missing": []}
    assert set(await names(site)) == {"a", "b", "c/d", "e"}
    assert (await site.call("ann", "GET", "input/b")).body == b"other"


async def test_a_file_that_is_offered_with_another_content_is_replaced(site: Site) -> None:
    for content in (b"old", b"new"):
        await put(site, content)
        await offer(site, offered("a", content))
    assert await names(site) == {"a": digest(b"new")}


async def test_with_and_without_slash_it_is_the_same_file(site: Site) -> None:
    await put(site, b"old")
    await put(site)
    for name in ("/show/a.hip", "//show///a.hip", r"show\a.hip", r"\show\a.hip", "/show/a.hip/"):
        await offer(site, offered("show/a.hip", b"old"))
        await offer(site, offered(name))
        assert await names(site) == {"show/a.hip": digest(CONTENT)}
        assert (await site.call("ann", "GET", f"input/{name}")).body == CONTENT


async def test_windows_paths_are_taken_as_the_storage_has_them(site: Site) -> None:
    await put(site)
    await offer(site, offered(r"D:\show\a.hip"), offered(r"\\srv\share\b.hip"))
    assert set(await names(site)) == {"D/show/a.hip", "srv/share/b.hip"}


async def test_one_bad_name_is_named_and_nothing_of_the_offer_is_done(site: Site) -> None:
    await put(site)
    for name in ("../a", "a/../../b", "", "/", "a\nb", "x" * 256, "a/" * 600 + "b"):
        answer = await offer(site, offered("good"), offered(name))
        assert (answer.status, error_of(answer)) == (400, "bad_input")
        assert repr(name[:20])[1:-1] in json.loads(answer.body)["error"]["what"]
    assert await names(site) == {}


async def test_a_size_that_is_not_the_contents_is_refused_by_name(site: Site) -> None:
    await put(site)
    answer = await offer(site, offered("good"), offered("a", size=8))
    assert refusal(answer) == (400, "bad_input", "a")
    assert await names(site) == {}


async def test_no_offer_makes_a_name_a_file_and_a_folder(site: Site) -> None:
    await put(site)
    for together in (("a", "a/b"), ("a/b/c", "a/b"), ("x", "a/b/c/d", "a/b")):
        answer = await offer(site, *map(offered, together))
        assert (answer.status, error_of(answer)) == (400, "bad_input")
    assert await names(site) == {}


async def test_nor_with_what_is_there(site: Site) -> None:
    await put(site)
    for there, new in (("a", "a/b"), ("b/b/c", "b"), ("c/b/c", "c/b"), ("d/b", "d/b/c/d")):
        assert (await offer(site, offered(there))).status == 200
        answer = await offer(site, offered("good"), offered(new))
        assert (answer.status, error_of(answer)) == (400, "bad_input")
    assert set(await names(site)) == {"a", "b/b/c", "c/b/c", "d/b"}


async def test_a_quota_is_told_before_any_content_was_sent(site: Site) -> None:
    site.user("bob", quota=10)
    answer = await offer(site, offered("a", b"12345"), offered("b", b"123456"), user="bob")
    assert (answer.status, error_of(answer)) == (507, "over_quota")
    assert (await offer(site, offered("a", b"12345"), offered("b", b"12345"), user="bob")).status == 200


async def test_what_replaces_a_file_needs_its_room_once(site: Site) -> None:
    site.user("bob", quota=10)
    for content in (b"1234567890", b"0987654321"):
        await put(site, content)
        assert (await offer(site, offered("a", content), user="bob")).status == 200
    answer = await offer(site, offered("b", b"1"), user="bob")
    assert (answer.status, error_of(answer)) == (507, "over_quota")
    assert await names(site, user="bob") == {"a": digest(b"0987654321")}


async def test_only_those_who_may_offer_to_a_storage(site: Site) -> None:
    await put(site)
    ana = site.user("ana")
    site.user("ben", main="ana", shares_storage=True)
    eve = site.user("eve")
    number = storage_number(ana, Area.INPUT)
    assert (await offer(site, offered("a"), storage=number, user="ben")).status == 200
    assert await names(site, user="ana") == {"a": digest(CONTENT)}
    for storage in (number, storage_number(ana, Area.CONFIG)):
        answer = await offer(site, offered("b"), storage=storage)
        assert (answer.status, error_of(answer)) == (403, "not_allowed")
    for storage in ("inputs", "0", storage_number(eve + 100, Area.INPUT)):
        assert (await offer(site, offered("b"), storage=storage)).status == 404
    assert (await offer(site, offered("b"), storage="output")).status == 400
    assert (await offer(site, offered("b"), storage="config")).status == 200


async def test_an_offer_has_up_to_ten_thousand_files(site: Site) -> None:
    await put(site)
    many = [offered(f"{number % 100}/{number}") for number in range(10_001)]
    answer = await offer(site, *many)
    assert (answer.status, error_of(answer)) == (400, "bad_input")
    assert (await offer(site, *many[1:])).status == 200
    assert len(json.loads((await site.call("ann", "GET", "input?limit=10000")).body)["files"]) == 10_000


async def test_what_is_no_hash_or_size_is_refused(site: Site) -> None:
    for field, value in (
        *(("hash", value) for value in ("x" * 64, "AB" * 32, "../../etc/passwd", "")),
        *(("size", value) for value in (-1, "x", None)),
    ):
        answer = await offer(site, {**offered("a"), field: value})
        status, code, where = refusal(answer)
        assert (status, code) == (400, "bad_input")
        assert where.endswith(field)


# --- contents ----------------------------------------------------------------------------------------------------


async def test_a_batch_stores_what_is_right_and_names_what_is_not(site: Site) -> None:
    body = b"".join(pack([(digest(b"a"), b"a"), (digest(b"b"), b"x"), (digest(b""), b"")]))
    answer = await site.ask("ann", "POST", "blobs/batch", body)
    assert (answer.status, json.loads(answer.body)) == (200, {"refused": [digest(b"b")]})
    assert site.blobs.missing([digest(b"a"), digest(b"b"), digest(b"")]) == [digest(b"b")]


async def test_a_batch_that_is_cut_off_is_refused(site: Site) -> None:
    body = b"".join(pack([(digest(b"abc"), b"abc")]))
    answer = await site.ask("ann", "POST", "blobs/batch", body[:-1])
    assert (answer.status, error_of(answer)) == (400, "malformed_request")
    assert site.blobs.missing([digest(b"abc")]) == [digest(b"abc")]


async def test_a_batch_that_is_too_long_is_refused(site: Site) -> None:
    frame = b"".join(pack([(digest(b"x" * SMALL_BYTES), b"x" * SMALL_BYTES)]))
    answer = await site.ask("ann", "POST", "blobs/batch", frame * (BATCH_LIMIT // SMALL_BYTES))
    assert (answer.status, error_of(answer)) == (413, "too_large")


async def test_batches_are_taken_in_parts_where_many_are_on_their_way(site: Site) -> None:
    contents = [os.urandom(50_000) for _ in range(40)]
    body = b"".join(pack((digest(content), content) for content in contents))
    with ExitStack() as others:
        for _ in range(100):
            others.enter_context(site.app.state.room.entered())
        assert site.app.state.room.share() < len(body) // 3
        answer = await site.ask("ann", "POST", "blobs/batch", body + b"cut off")
        assert (answer.status, error_of(answer)) == (400, "malformed_request")
    assert site.blobs.missing(map(digest, contents)) == []


async def test_a_body_that_breaks_off_is_no_fault_of_the_server(
    site: Site, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    targets = ("blobs/batch", f"blobs/{NOBODY}", f"blobs/{NOBODY}/chunks/0?size=100", "files/input/x")
    for method, target in zip(("POST", "PUT", "PUT", "PUT"), targets, strict=True):
        headers = {"authorization": site.keys["ann"], "x-chunk-hash": NOBODY}
        answer = await request(site.app, method, f"/api/v1/{target}", headers, b"begun", is_cut=True)
        assert (answer.status, error_of(answer)) == (400, "malformed_request")
    assert caplog.records == []
    assert list(tmp_path.rglob("blobs/tmp/*")) == []


async def test_a_content_alone_must_be_what_it_is_called(site: Site) -> None:
    assert (await put(site)).status == 201
    answer = await put(site, b"other", digest(CONTENT + b"!"))
    assert (answer.status, error_of(answer)) == (422, "wrong_content")
    assert site.blobs.missing([digest(CONTENT + b"!"), digest(b"other")]) == [digest(CONTENT + b"!"), digest(b"other")]


LARGE = os.urandom(1000) * (2 * CHUNK_BYTES // 1000 + 1)
WHOLE = digest(LARGE)
PARTS = [LARGE[start : start + CHUNK_BYTES] for start in range(0, len(LARGE), CHUNK_BYTES)]


async def chunk(site: Site, index: int, content: bytes | None = None, **headers: str) -> Answer:
    content = PARTS[index] if content is None else content
    headers = headers or {"x_chunk_hash": digest(content)}
    target = f"blobs/{WHOLE}/chunks/{index}?size={len(LARGE)}"
    return await site.ask("ann", "PUT", target, content, **headers)


async def present(site: Site, user: str = "ann") -> Any:
    return json.loads((await site.ask(user, "GET", f"blobs/{WHOLE}/chunks?size={len(LARGE)}")).body)


async def complete(site: Site) -> Answer:
    return await site.ask("ann", "POST", f"blobs/{WHOLE}/complete?size={len(LARGE)}")


async def test_a_large_content_comes_in_chunks(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(PARTS) == 3
    assert await present(site) == {"chunk_bytes": CHUNK_BYTES, "present": []}
    for index in (2, 0):
        assert (await chunk(site, index)).status == 201
    early = await complete(site)
    assert (early.status, error_of(early)) == (409, "wrong_state")
    site.user("bob")
    assert (await present(site, "bob"))["present"] == []
    assert (await present(site))["present"] == [0, 2]
    await chunk(site, 1)
    monkeypatch.setattr(routes, "_CHECK_SECONDS", 0.0)
    answers = [await complete(site)]
    while answers[-1].status == 202:
        assert json.loads(answers[-1].body) == {"state": "checking"}
        monkeypatch.setattr(routes, "_CHECK_SECONDS", 60.0)
        answers.append(await complete(site))
    assert answers[0].status == 202
    assert json.loads(answers[-1].body) == {"hash": WHOLE, "size": len(LARGE)}
    assert digest(site.blobs.checked(WHOLE).read_bytes()) == WHOLE
    assert (await present(site))["present"] == [0, 1, 2]


async def test_chunks_that_are_none_are_refused(site: Site) -> None:
    wrong = await chunk(site, 2, x_chunk_hash=NOBODY)
    assert (wrong.status, error_of(wrong)) == (422, "wrong_content")
    short = await chunk(site, 2, b"short")
    assert (short.status, error_of(short)) == (422, "wrong_content")
    for answer in (await chunk(site, 2, PARTS[0]), await chunk(site, 3, b"x"), await chunk(site, 2, x_other="")):
        assert (answer.status, error_of(answer)) == (400, "bad_input")
    assert (await present(site))["present"] == []


async def test_a_whole_that_is_another_is_refused_and_forgotten(site: Site) -> None:
    for index, content in enumerate([PARTS[1], PARTS[0], PARTS[2]]):
        assert (await chunk(site, index, content)).status == 201
    answer = await complete(site)
    assert (answer.status, error_of(answer)) == (422, "wrong_content")
    assert (await present(site))["present"] == []


async def test_a_hash_that_is_none_is_refused_everywhere(site: Site) -> None:
    for name in ("x" * 64, "AB" * 32, "ab", "%2e%2e"):
        for method, target in (
            ("PUT", f"blobs/{name}"),
            ("GET", f"blobs/{name}/chunks?size=5"),
            ("PUT", f"blobs/{name}/chunks/0?size=5"),
            ("POST", f"blobs/{name}/complete?size=5"),
        ):
            answer = await site.ask("ann", method, target, b"" if method == "GET" else b"x", x_chunk_hash=NOBODY)
            assert (answer.status, error_of(answer)) == (400, "bad_input"), target


async def test_so_is_a_size_that_is_none(site: Site) -> None:
    for size in ("0", "-1", "x", "1e3", str(2**62), ""):
        for method, target in (
            ("GET", f"blobs/{NOBODY}/chunks?size={size}"),
            ("PUT", f"blobs/{NOBODY}/chunks/0?size={size}"),
            ("POST", f"blobs/{NOBODY}/complete?size={size}"),
        ):
            answer = await site.ask("ann", method, target, x_chunk_hash=NOBODY)
            assert (answer.status, error_of(answer)) == (400, "bad_input"), target


async def test_a_file_is_read_from_any_byte_and_says_which_content_it_is(site: Site) -> None:
    await put(site)
    await offer(site, offered("a"))
    rest = await site.ask("ann", "GET", "files/input/a", range="bytes=3-")
    assert (rest.status, rest.body, rest.headers["x-hash"]) == (206, CONTENT[3:], digest(CONTENT))
    beyond = await site.ask("ann", "GET", "files/input/a", range="bytes=7-")
    assert beyond.status == 416


async def test_nobody_without_a_key_gets_in(site: Site) -> None:
    for method, target in (
        ("POST", "files/input"),
        ("POST", "blobs/missing"),
        ("POST", "blobs/batch"),
        ("PUT", f"blobs/{digest(CONTENT)}"),
        ("GET", f"blobs/{NOBODY}/chunks?size=5"),
        ("PUT", f"blobs/{NOBODY}/chunks/0?size=5"),
        ("POST", f"blobs/{NOBODY}/complete?size=5"),
    ):
        answer = await site.ask(None, method, target, b"{}", x_chunk_hash=NOBODY, content_type="application/json")
        assert (answer.status, error_of(answer)) == (401, "not_authenticated"), target
    assert site.blobs.missing([digest(CONTENT)]) == [digest(CONTENT)]
