"""Relations of objects, as clients make, find and remove them."""

from __future__ import annotations

from typing import Any

import pytest

from rendermill.doors.cinnamon.commands.relations import MAX_SHOWN
from rendermill.store.cinnamon.relations import add_relation
from support.cinnamon import CinnamonClient, Studio
from support.cinnamon_admin import OTHER, term

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_a_relation_is_made_once_and_shown_with_its_metadata(anna: CinnamonClient) -> None:
    left, right = await anna.create("left"), await anna.create("right")
    ends: dict[str, Any] = {"name": "child_content", "leftid": left, "rightid": right}
    made = await anna.send("createrelation", **ends, metadata="<meta><note>a &amp; b</note></meta>")
    again = await anna.send("createrelation", **ends)
    assert made.findtext("relation/id") == again.findtext("relation/id")
    assert again.findtext("relation/meta/note") == "a & b"
    assert (await anna.send("getrelations", leftid=left)).findtext("relation/type") == "child_content"
    bare = await anna.send("getrelations", rightid=right, include_metadata="false")
    assert bare.find("relation/meta") is None
    assert bare.findtext("relation/leftId") == str(left)


async def test_metadata_of_a_relation_that_is_no_meta_is_put_into_one(anna: CinnamonClient) -> None:
    left, right = await anna.create("left"), await anna.create("right")
    made = await anna.send("createrelation", name="rendition", leftid=left, rightid=right, metadata="<note>x</note>")
    assert made.findtext("relation/meta/note") == "x"


async def test_relations_are_found_by_all_that_is_given(anna: CinnamonClient) -> None:
    one, two, three = [await anna.create(name) for name in ("one", "two", "three")]
    for kind, left, right in (("rendition", one, two), ("rendition", one, three), ("child_content", one, two)):
        await anna.send("createrelation", name=kind, leftid=left, rightid=right)

    async def count(**wanted: Any) -> int:
        return len(await anna.send("getrelations", **wanted))

    assert await count(leftid=one) == 3
    assert await count(leftid=one, name="rendition") == 2
    assert await count(leftid=one, rightid=two, name="rendition") == 1
    assert await count(rightid=one) == 0
    assert await count(leftid=one, name="no such type") == 3, "an unknown type is no filter"
    assert await anna.refused("getrelations", leftid=10**9) == "error.param.leftid"
    assert await anna.refused("getrelations", rightid="x") == "error.param.rightid"


async def test_a_removed_relation_is_gone(anna: CinnamonClient) -> None:
    left, right = await anna.create("left"), await anna.create("right")
    made = await anna.text("createrelation", "relation/id", name="rendition", leftid=left, rightid=right)
    assert await anna.text("deleterelation", id=made) == "success.delete.relation"
    assert len(await anna.send("getrelations", leftid=left)) == 0
    assert await anna.refused("deleterelation", id=made) == "error.object.not.found"
    assert await anna.refused("deleterelation", id="x") == "error.param.id"


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"name": "nothing", "metadata": "<a", "leftid": "x"}, "error.relation_type.not_found"),
        ({"metadata": "<a", "leftid": "x"}, "error.param.metadata"),
        ({"leftid": "x", "rightid": "y"}, "error.param.leftid"),
        ({"leftid": 10**9, "rightid": "y"}, "error.param.rightid"),
        ({"leftid": 10**9, "rightid": 10**9}, "error.param.rightid"),
        ({"leftid": 10**9}, "error.param.leftid"),
    ],
)
async def test_a_wrong_relation_is_refused_in_order(anna: CinnamonClient, given: dict[str, Any], code: str) -> None:
    thing = await anna.create()
    fields: dict[str, Any] = {"name": "rendition", "leftid": thing, "rightid": thing, **given}
    assert await anna.refused("createrelation", **fields) == code


async def test_objects_of_another_repository_are_not_related_or_found(farm: Studio, anna: CinnamonClient) -> None:
    other = await farm.connect("anna", repository=OTHER)
    theirs, ours = [await other.create() for _ in range(2)], await anna.create()
    relation = await other.text("createrelation", ".//id", name="rendition", leftid=theirs[0], rightid=theirs[1])
    ends = {"name": "rendition", "leftid": ours, "rightid": theirs[0]}
    assert await anna.refused("createrelation", **ends) == "error.param.rightid"
    assert await anna.refused("deleterelation", id=relation) == "error.object.not.found"
    listed = (await anna.send("getrelations")).iterfind("relation/id")
    assert relation not in [each.text for each in listed]


async def test_relations_to_what_the_caller_does_not_see_are_left_out(
    farm: Studio, root: CinnamonClient, anna: CinnamonClient
) -> None:
    hidden = await root.text("createacl", "acl/id", name="seen by nobody")
    left, right = await anna.create("left"), await root.create("right", acl_id=hidden)
    made = await root.text("createrelation", ".//id", name="rendition", leftid=left, rightid=right)
    assert len(await anna.send("getrelations", leftid=left)) == 0
    assert len(await root.send("getrelations", leftid=left)) == 1
    refused = await anna.refused("createrelation", name="rendition", leftid=left, rightid=right)
    assert refused == "error.missing.permission._browse"
    assert await anna.refused("deleterelation", id=made) == "error.missing.permission._browse"


async def test_too_many_relations_are_not_listed_at_once(farm: Studio) -> None:
    many = await farm.connect("many", repository=OTHER)
    kind = await term(many, "getrelationtypes", "rendition")
    ends = [await many.create() for _ in range(102)]
    pairs = [(left, right) for left in ends for right in ends][: MAX_SHOWN + 1]
    await farm.write(lambda c: [add_relation(c, kind, left, right) for left, right in pairs])
    assert await many.refused("getrelations") == "error.param.leftid"
    assert len(await many.send("getrelations", leftid=ends[0])) == len(ends)
