"""Types, formats, permissions and config entries: added, listed, removed, and by whom."""

from __future__ import annotations

from typing import Any

import pytest

from rendermill.store.cinnamon.records import Kind
from rendermill.store.cinnamon.seed import LASTING, PERMISSIONS
from support.cinnamon import CinnamonClient
from support.cinnamon_admin import by, group, term

pytestmark = pytest.mark.asyncio(loop_scope="module")

# --- types -------------------------------------------------------------------------------------------------------

CREATIONS = {
    "createobjecttype": ("getobjtypes", "deleteobjecttype", "id", "success.delete.object_type"),
    "createfoldertype": ("getfoldertypes", "deletefoldertype", "id", "success.delete.folder_type"),
    "createformat": ("getformats", "deleteformat", "format_id", "success.delete.format"),
    "createrelationtype": ("getrelationtypes", "deleterelationtype", "id", "success.delete.relation_type"),
    "createpermission": (
        "listpermissions",
        "deletepermission",
        "id",
        "Permission with id {} was successfully deleted.",
    ),
    "createacl": ("getacls", "deleteacl", "id", "success.delete.acl"),
}
MORE: dict[str, Any] = {"extension": "psd", "contenttype": "image/vnd.adobe.photoshop"}


@pytest.mark.parametrize("command", CREATIONS)
async def test_a_type_is_made_listed_and_removed(boss: CinnamonClient, command: str) -> None:
    listing, removal, field, said = CREATIONS[command]
    name = f"new {command}"
    answer = await boss.send(command, name=name, description="what <it> is", **MORE)
    made = await term(boss, listing, name)
    assert answer.text == str(made) or answer.findtext("*/id") == str(made)
    assert await boss.text(listing, f"*[name='{name}']/description") == "what <it> is"
    assert await boss.refused(command, name=name, **MORE) == "error.param.name", "there is one"
    assert await boss.text(removal, **by(field, made)) == said.format(made)
    assert (await boss.send(listing)).find(f"*[name='{name}']") is None
    assert await boss.refused(removal, **by(field, made)) == "error.object.not.found"
    assert await boss.refused(removal, **by(field, "x")) == f"error.param.{field}"


async def test_a_type_that_something_has_stays(boss: CinnamonClient) -> None:
    kinds = {command: await boss.send(command, name=f"used {command}", **MORE) for command in CREATIONS}
    ids = {command: answer.text or answer.findtext("*/id") for command, answer in kinds.items()}
    acl, kind = ids["createacl"], ids["createobjecttype"]
    left = await boss.create("left", objtype_id=kind, format_id=ids["createformat"], acl_id=acl)
    await boss.send("createrelation", name="used createrelationtype", leftid=left, rightid=left)
    folder = await boss.text("createfolder", "folder/id", name="used", parentid=0, typeid=ids["createfoldertype"])
    entry = await boss.text("addgrouptoacl", "aclEntry/id", acl_id=acl, group_id=await group(boss, "_users"))
    await boss.send("addpermissiontoaclentry", entry_id=entry, permission_id=ids["createpermission"])
    for command, (_, removal, field, _) in CREATIONS.items():
        assert await boss.refused(removal, **by(field, ids[command])) == "error.object.in.use", removal
    await boss.send("deleterelation", id=await boss.text("getrelations", "relation/id", leftid=left))
    await boss.send("delete", id=left)
    await boss.send("deletefolder", id=folder)
    await boss.send("removepermissionfromaclentry", entry_id=entry, permission_id=ids["createpermission"])
    for command, (_, removal, field, _) in CREATIONS.items():
        await boss.send(removal, **by(field, ids[command]))


async def test_an_acl_that_only_a_folder_has_stays(boss: CinnamonClient) -> None:
    acl = await boss.text("createacl", "acl/id", name="of a folder")
    await boss.send("createfolder", name="with an ACL", parentid=0, aclid=acl)
    assert await boss.refused("deleteacl", id=acl) == "error.object.in.use"


async def test_what_the_farm_goes_by_cannot_be_removed(root: CinnamonClient) -> None:
    removals = {
        Kind.PERMISSION: ("listpermissions", "deletepermission"),
        Kind.OBJECT_TYPE: ("getobjtypes", "deleteobjecttype"),
        Kind.FOLDER_TYPE: ("getfoldertypes", "deletefoldertype"),
        Kind.RELATION_TYPE: ("getrelationtypes", "deleterelationtype"),
        Kind.ACL: ("getacls", "deleteacl"),
        Kind.GROUP: ("listgroups", "deletegroup"),
    }
    tried = 0
    for kind, (listing, removal) in removals.items():
        for each in await root.send(listing):
            if each.findtext("name") in LASTING[kind]:
                assert await root.refused(removal, id=each.findtext("id")) == "error.object.in.use"
                tried += 1
    assert tried > len(PERMISSIONS)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"contenttype": "image/png\r\nX-Evil: 1"}, "error.param.contenttype"),
        ({"contenttype": "image"}, "error.param.contenttype"),
        ({"extension": "../x"}, "error.param.extension"),
        ({"extension": ""}, "error.param.extension"),
        ({"name": " "}, "error.param.name"),
        ({"description": "x" * 4001}, "error.param.description"),
    ],
)
async def test_a_format_that_would_spoil_a_download_is_refused(
    boss: CinnamonClient, fields: dict[str, Any], code: str
) -> None:
    assert await boss.refused("createformat", **{"name": "odd", **MORE, **fields}) == code


async def test_a_relation_type_says_what_it_protects_and_copies(boss: CinnamonClient) -> None:
    flags: dict[str, Any] = {
        "leftobjectprotected": "true",
        "cloneOnRightCopy": "true",
        "left_resolver": "FixedRelationResolver",
    }
    await boss.send("createrelationtype", name="firm", **flags)
    left, right = await boss.create(), await boss.create()
    await boss.send("createrelation", name="firm", leftid=left, rightid=right)
    assert "cannot be deleted," in await boss.refused("delete", id=left)
    await boss.send("delete", id=right)
    listed = (await boss.send("getrelationtypes")).find("relationType[name='firm']")
    assert listed is not None
    told = {name: listed.findtext(name) for name in (*flags, "rightobjectprotected", "cloneOnLeftVersion")}
    del told["left_resolver"]
    assert told == {
        "leftobjectprotected": "true",
        "cloneOnRightCopy": "true",
        "rightobjectprotected": "false",
        "cloneOnLeftVersion": "false",
    }


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"left_resolver": "LatestHeadResolver"}, "error.param.left_resolver"),
        ({"right_resolver_id": 1}, "error.param.right_resolver_id"),
        ({"leftobjectprotected": "yes"}, "error.param.leftobjectprotected"),
    ],
)
async def test_a_relation_type_with_what_is_not_served_is_refused(
    boss: CinnamonClient, fields: dict[str, Any], code: str
) -> None:
    assert await boss.refused("createrelationtype", name="odd", **fields) == code


async def test_formats_are_found_by_id_and_by_either_name(anna: CinnamonClient) -> None:
    png = await anna.text("getformats", "format/id", name="png")
    assert await anna.text("getformats", "format/name", id=png) == "png"
    assert await anna.text("getformats", "format/id", name="format.png") == png
    assert len(await anna.send("getformats", name="nothing")) == 0
    assert len(await anna.send("getformats", id=png, name="jpeg")) == 1, "the id wins"
    assert await anna.refused("getformats", id="x") == "error.param.id"


async def test_every_list_can_be_read_by_anybody(anna: CinnamonClient) -> None:
    lists = {
        "getobjtypes": ("objectTypes", "render_task"),
        "getfoldertypes": ("folderTypes", "_default_folder_type"),
        "getformats": ("formats", "blend"),
        "getrelationtypes": ("relationTypes", "rendition"),
        "listlanguages": ("languages", "und"),
        "listuilanguages": ("languages", "und"),
        "listpermissions": ("permissions", "_browse"),
        "listmetasettypes": ("metasetTypes", "render_input"),
        "getacls": ("acls", "_default_acl"),
        "listgroups": ("groups", "_users"),
        "getusers": ("users", "anna"),
    }
    for command, (tag, name) in lists.items():
        answer = await anna.send(command)
        assert answer.tag == tag
        assert answer.find(f"*[name='{name}']") is not None, command
    messages = await anna.send("listmessages")
    assert (messages.tag, len(messages)) == ("messages", 0)


async def test_a_permission_is_found_by_its_id(anna: CinnamonClient) -> None:
    number = await term(anna, "listpermissions", "_move")
    assert await anna.text("getpermission", "permission/sysName", id=number) == "_move"
    assert await anna.refused("getpermission", id=await term(anna, "getacls", "_default_acl")) == (
        "error.object.not.found"
    )
    assert await anna.refused("getpermission", id="") == "error.param.id"


# --- config entries ----------------------------------------------------------------------------------------------


async def test_a_config_entry_is_written_over_and_read_by_superusers(
    boss: CinnamonClient, anna: CinnamonClient
) -> None:
    first = await boss.text("setconfigentry", name="paths", config="<config><a>1</a></config>")
    assert await boss.text("setconfigentry", name="paths", config="<config><a>2</a></config>") == first
    assert await boss.text("getconfigentry", "a", name="paths") == "2"
    assert await anna.refused("getconfigentry", name="paths") == "error.access.denied"
    await boss.send("setconfigentry", name="paths", config="<config><isPublic>true</isPublic><a>3</a></config>")
    assert await anna.text("getconfigentry", "a", name="paths") == "3"


async def test_a_wrong_config_entry_is_refused_in_order(boss: CinnamonClient, anna: CinnamonClient) -> None:
    assert await anna.refused("setconfigentry", name=" ", config="<a") == "error.param.name"
    assert await anna.refused("setconfigentry", name="x", config="<a") == "error.access.denied"
    assert await boss.refused("setconfigentry", name="x", config="<a") == "error.parse.config"
    bomb = "<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>"
    assert await boss.refused("setconfigentry", name="x", config=bomb) == "error.parse.config"
    assert await boss.refused("getconfigentry", name="x") == "error.missing.config"


# --- who may -----------------------------------------------------------------------------------------------------

ORDINARY = """
creategroup deletegroup addusertogroup removeuserfromgroup editacl removegroupfromacl addpermissiontoaclentry
createlifecycle addlifecyclestate deletelifecycle createuser deleteuser
"""
CREATED_AND_DELETED = [*CREATIONS, *(removal for _, removal, _, _ in CREATIONS.values())]
ADMINS_ALONE = {
    **dict.fromkeys([*CREATED_AND_DELETED, *ORDINARY.split()], "error.must_be_admin"),
    "addgrouptoacl": "Only an admin may change acl settings.",
    "removepermissionfromaclentry": "You need to be an admin to make acl-related changes.",
}


@pytest.mark.parametrize("command", ADMINS_ALONE)
async def test_only_superusers_set_a_repository_up(anna: CinnamonClient, boss: CinnamonClient, command: str) -> None:
    assert await anna.refused(command) == ADMINS_ALONE[command]
    if command not in ("createuser", "deleteuser"):
        assert (await boss.refused(command)).startswith("error.param.")
