"""Groups and ACLs: who is in which, and what they let whom do."""

from __future__ import annotations

from typing import Any

import pytest

from support.cinnamon import CinnamonClient, Studio
from support.cinnamon_admin import OTHER, by, group, term

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_a_group_s_right_reaches_users_of_the_groups_in_it(farm: Studio, boss: CinnamonClient) -> None:
    carl = await farm.connect("carl")
    acl = await boss.text("createacl", "acl/id", name="nested")
    outer = await boss.text("creategroup", "groupid", name="outer", description="all")
    inner = await boss.text("creategroup", "groupid", name="inner", parentid=outer)
    thing = await boss.create("nested", acl_id=acl)
    entry = await boss.text("addgrouptoacl", "aclEntry/id", acl_id=acl, group_id=outer)
    await boss.send(
        "addpermissiontoaclentry", entry_id=entry, permission_id=await term(boss, "listpermissions", "_browse")
    )
    assert await carl.refused("getobject", id=thing) == "error.missing.permission._browse"
    spellings: list[dict[str, Any]] = [
        {"user_id": carl.user_id, "group_id": inner},
        {"userId": carl.user_id, "groupId": inner},
    ]
    for spelling in spellings:
        assert (await boss.send("addusertogroup", **spelling)).find("addUserToGroup[@result='true']") is not None
    assert (await carl.send("getobject", id=thing)).findtext("object/name") == "nested"

    shown = await carl.send("listgroups", groupid=outer)
    assert shown.findtext("group/subGroups/subGroup/name") == "inner"
    assert shown.findtext("group/parent") == "null"
    assert (await carl.send("listgroups", **by("id ", inner))).findtext("group/users/user/name") == "carl"
    own = {each.findtext("name") for each in await carl.send("getgroupsofuser", id=carl.user_id)}
    all_of_them = {
        each.findtext("name") for each in await carl.send("getgroupsofuser", id=carl.user_id, recursive="true")
    }
    assert own == {"inner", "_users", f"_{carl.user_id}_carl"}
    assert all_of_them == own | {"outer"}
    assert [each.findtext("name") for each in await carl.send("listaclmembers", id=acl)] == ["carl"]
    acls = {each.findtext("name") for each in await carl.send("getusersacls")}
    assert acls == {each.findtext("name") for each in await boss.send("getusersacls", id=carl.user_id)}
    assert {"nested", "_default_acl"} <= acls
    granted = await boss.send("getuserspermissions", userId=carl.user_id, aclId=acl)
    assert [each.findtext("name") for each in granted] == ["_browse"]
    everything = await carl.send("getuserspermissions", userId=boss.user_id, aclId=acl)
    assert len(everything) == len(await carl.send("listpermissions"))

    assert await boss.refused("deletegroup", id=outer) == "error.object.in.use"
    gone = await boss.send("removeuserfromgroup", userId=carl.user_id, groupId=inner)
    assert gone.find("removeUserFromGroup[@result='true']") is not None
    again = await boss.send("removeuserfromgroup", userId=carl.user_id, groupId=inner)
    assert again.find("removeUserFromGroup[@result='false']") is not None
    assert await carl.refused("getobject", id=thing) == "error.missing.permission._browse"
    assert await boss.text("removegroupfromacl", aclid=acl, groupid=outer) == "group.removed_from_acl"
    assert await boss.refused("removegroupfromacl", aclid=acl, groupid=outer) == "error.object.not.found"
    for made in (inner, outer):
        assert await boss.text("deletegroup", "result/value", id=made) == "true"


async def test_a_group_that_an_acl_names_or_has_parts_is_in_use(boss: CinnamonClient) -> None:
    acl = await boss.text("createacl", "acl/id", name="names one")
    named, whole = [await boss.text("creategroup", "groupid", name=name) for name in ("named", "whole")]
    await boss.send("creategroup", name="part", parentid=whole)
    await boss.send("addgrouptoacl", acl_id=acl, group_id=named)
    for each in (named, whole):
        assert await boss.refused("deletegroup", **by("id ", each)) == "error.object.in.use"


async def test_naming_a_group_twice_in_an_acl_keeps_what_it_grants(boss: CinnamonClient) -> None:
    acl = await boss.text("createacl", "acl/id", name="twice")
    users = await group(boss, "_users")
    first = await boss.send("addgrouptoacl", acl_id=acl, group_id=users)
    assert first.find("aclEntry/permissions/permission") is None
    entry = first.findtext("aclEntry/id")
    for _ in range(2):
        said = await boss.text(
            "addpermissiontoaclentry", entry_id=entry, permission_id=await term(boss, "listpermissions", "_lock")
        )
        assert said == "success.add.permission"
    again = await boss.send("addgrouptoacl", aclid=acl, groupid=users)
    assert again.findtext("aclEntry/id") == entry
    assert again.findtext("aclEntry/permissions/permission/name") == "_lock"


async def test_what_an_acl_grants_is_listed_and_taken_back(boss: CinnamonClient, anna: CinnamonClient) -> None:
    acl = await boss.text("createacl", "acl/id", name="listed")
    made = await boss.text("creategroup", "groupid", name="listed")
    entry = await boss.text("addgrouptoacl", "aclEntry/id", acl_id=acl, group_id=made)
    move = await term(boss, "listpermissions", "_move")
    await boss.send("addpermissiontoaclentry", entry_id=entry, permission_id=move)
    ways: list[dict[str, Any]] = [{"aclid": acl}, {"groupid": made}, {"aclid": acl, "groupid": "x"}]
    for fields in ways:
        found = await anna.send("listaclentries", **fields)
        assert [each.findtext("id") for each in found] == [entry]
        assert found.findtext("aclEntry/permissions/permission/id") == str(move)
    assert await anna.text("getaclentry", "aclEntry/groupId", id=entry) == made
    assert await boss.text("removepermissionfromaclentry", entry_id=entry, permission_id=move) == (
        "success.remove.permission"
    )
    taken = {"entry_id": entry, "permission_id": move}
    assert await boss.refused("removepermissionfromaclentry", **taken) == "fail.remove.permission"


async def test_an_acl_gets_another_name_and_the_default_one_keeps_its_own(boss: CinnamonClient) -> None:
    acl = await boss.text("createacl", "acl/id", name="before")
    assert await boss.text("editacl", acl_id=acl, name="after", description="new") == "success.edit.acl"
    assert await boss.text("getacls", "acl/name", id=acl) == "after"
    assert await boss.text("getacls", "acl/description", id=acl) == "new"
    default = await term(boss, "getacls", "_default_acl")
    assert await boss.refused("editacl", acl_id=acl, name="_default_acl") == "error.param.name"
    assert await boss.refused("editacl", acl_id=default, name="mine") == "error.object.in.use"
    await boss.send("editacl", acl_id=default, name="_default_acl", description="for all")
    assert await boss.refused("editacl", acl_id=10**9) == "error.acl.not_found"


@pytest.mark.parametrize("alias", ["_everyone", "_owner"])
async def test_nobody_is_put_into_a_group_that_stands_for_whom_it_fits(
    boss: CinnamonClient, anna: CinnamonClient, alias: str
) -> None:
    number = await group(boss, alias)
    assert await boss.refused("addusertogroup", user_id=anna.user_id, group_id=number) == "error.param.group_id"
    assert await boss.refused("creategroup", name="below", parentid=number) == "error.param.parent_id"


@pytest.mark.parametrize(
    ("command", "fields", "code"),
    [
        ("getacls", {"id": "x"}, "error.param.id"),
        ("getacls", {"id": 10**9}, "error.object.not.found"),
        ("listaclentries", {}, "error.missing_acl_or_group_id"),
        ("listaclentries", {"aclid": "x"}, "error.invalid.acl_id"),
        ("listaclentries", {"groupid": "x"}, "error.invalid.acl_id"),
        ("listaclentries", {"aclid": 10**9}, "error.object.not.found"),
        ("getaclentry", {"id": "x"}, "error.param.id"),
        ("getaclentry", {"id": 10**9}, "error.object.not.found"),
        ("listaclmembers", {"id": ""}, "error.param.id"),
        ("getuserspermissions", {"userId": "x"}, "error.param.id"),
        ("getuserspermissions", {"userId": 10**9}, "error.user.not_found"),
        ("listgroups", {"groupid": "x"}, "error.param.group_id"),
        ("listgroups", {"groupid": 10**9}, "error.param.group_id"),
        ("getgroupsofuser", {"id": "x"}, "error.param.id"),
        ("getuser", {"id": "x"}, "error.param.id"),
        ("creategroup", {"name": "x", "parentid": "x"}, "error.param.parent_id"),
        ("creategroup", {"name": "x", "parentid": 10**9}, "error.param.parent_id"),
        ("creategroup", {"name": "_users"}, "error.param.name"),
        ("deletegroup", {"id": "x"}, "error.param.id"),
        ("deletegroup", {"id": -1}, "error.group.not.found"),
        ("deletegroup", {"id": 10**9}, "error.group.not.found"),
        ("addusertogroup", {"user_id": "x"}, "error.param.user_id"),
        ("addgrouptoacl", {"acl_id": "x"}, "error.param.acl_id"),
        ("addpermissiontoaclentry", {"entry_id": "x"}, "error.param.id"),
        ("addpermissiontoaclentry", {"entry_id": 10**9}, "error.object.not.found"),
        ("editacl", {"acl_id": "x"}, "error.param.acl_id"),
        ("echo", {"id": "x"}, "error.param.id"),
        ("echo", {"xml": "<a"}, "error.parse.xml"),
        ("createuser", {"name": " "}, "error.param.name"),
        ("deleteuser", {"user_id": "x"}, "error.param.user_id"),
        ("deleteuser", {"user_id": 1}, "error.param.user_id"),
    ],
)
async def test_a_wrong_parameter_is_refused_by_its_key(
    root: CinnamonClient, command: str, fields: dict[str, Any], code: str
) -> None:
    assert await root.refused(command, **fields) == code


async def test_groups_and_acls_of_another_repository_are_unknown(farm: Studio, boss: CinnamonClient) -> None:
    theirs = await farm.connect("root", repository=OTHER)
    acl, users = await term(theirs, "getacls", "_default_acl"), await group(theirs, "_users")
    assert await boss.refused("editacl", acl_id=acl) == "error.acl.not_found"
    assert await boss.refused("addusertogroup", user_id=boss.user_id, group_id=users) == "error.param.group_id"
    entry = await theirs.text("listaclentries", "aclEntry/id", aclid=acl)
    lock = await term(boss, "listpermissions", "_lock")
    refused = await boss.refused("removepermissionfromaclentry", entry_id=entry, permission_id=lock)
    assert refused == "error.object.not.found"
    outsider = await farm.connect("boss", repository=OTHER)
    assert await outsider.refused("createacl", name="x") == "error.must_be_admin"
