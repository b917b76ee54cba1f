"""The Cinnamon door's commands that set a repository up: types, groups, ACLs, users, relations, config entries."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from rendermill.doors.cinnamon.commands.relations import MAX_SHOWN
from rendermill.doors.cinnamon.commands.unserved import UNSERVED
from rendermill.doors.cinnamon.registry import COMMANDS
from rendermill.store.cinnamon.catalogue import repository_named
from rendermill.store.cinnamon.people import person_named
from rendermill.store.cinnamon.records import Kind
from rendermill.store.cinnamon.relations import add_relation
from rendermill.store.cinnamon.seed import LASTING, PERMISSIONS
from support.cinnamon import PASSWORD, CinnamonClient, RefusedError, Studio, studio

pytestmark = pytest.mark.asyncio(loop_scope="module")

OTHER = "other"
COMMANDS_OF_CINNAMON = """
connect disconnect forksession sudo startrendertask getobject getobjects getobjectsbyid getobjectswithcustommetadata
getmeta setmeta getmetaset setmetaset linkmetaset unlinkmetaset deletemetaset listmetasettypes getcontent setcontent
create version copy copytoexisting copyallversions copyfolder zipfolder delete deleteallversions lock unlock
getsysmeta setsysmeta attachlifecycle detachlifecycle changestate getnextstates getlifecycle getlifecyclestate
listlifecycles createlifecycle addlifecyclestate deletelifecycle searchobjects searchfolders searchobjectids search
searchsimple createfolder getfolder getfolderbypath getsubfolders updatefolder deletefolder getfoldermeta
getfoldersbyid getobjtypes getfoldertypes getformats getrelationtypes listlanguages listuilanguages listmessages
listpermissions getacls listaclentries getusersacls getuserspermissions listgroups getusers getuserbyname getuser
getpermission getaclentry listaclmembers getgroupsofuser createrelation getrelations deleterelation createlink
updatelink getlink deletelink getconfigentry setconfigentry setchangedstatus setsummary reindex renderindexedosd
renderindexedfolder listindexitems listindexgroups getindexgroup clearindex checktranslation createtranslation
listtransformers transformobject transformobjecttofile createworkflow dotransition findopentasks setpassword setemail
sendpasswordmail echo test createuser deleteuser creategroup deletegroup addusertogroup removeuserfromgroup createacl
deleteacl editacl addgrouptoacl removegroupfromacl addpermissiontoaclentry removepermissionfromaclentry
createobjecttype createfoldertype createformat createrelationtype createpermission createindextype deleteobjecttype
deletefoldertype deleteformat deleterelationtype deletepermission deleteindextype initializedatabase
"""
ALL = COMMANDS_OF_CINNAMON.split()
OF_SESSIONS = {"connect", "disconnect", "forksession", "sudo"}


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


async def group(client: CinnamonClient, name: str) -> int:
    """The id of a group."""
    return int(await client.text("listgroups", f"group[name='{name}']/id"))


async def term(client: CinnamonClient, command: str, name: str) -> int:
    """The id of what a list has under a name."""
    return int(await client.text(command, f"*[name='{name}']/id"))


def by(name: str, value: object) -> dict[str, Any]:
    """A field whose name is no word of Python, or comes from a table."""
    return {name: value}


# --- every command is known --------------------------------------------------------------------------------------


async def test_every_command_of_cinnamon_is_served_or_refused_by_its_name(anna: CinnamonClient) -> None:
    assert len(ALL) == len(set(ALL))
    for name in ALL:
        if name in OF_SESSIONS:
            continue
        unserved = name in UNSERVED or name == "initializedatabase"
        assert unserved != (name in COMMANDS and name not in UNSERVED), name
        if unserved:
            with pytest.raises(RefusedError, match=f"{name} is not served") as refused:
                await anna.send(name)
            assert refused.value.code == "error.command.not_served"


async def test_what_is_called_unserved_is_a_command_of_cinnamon() -> None:
    assert set(UNSERVED) <= set(ALL)


async def test_an_unknown_name_is_told_from_a_command_that_is_not_served(anna: CinnamonClient) -> None:
    assert await anna.refused("createlnik") == "Unknown Command: 'createlnik'"


# --- relations ---------------------------------------------------------------------------------------------------


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


# --- groups and ACLs ---------------------------------------------------------------------------------------------


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


# --- users -------------------------------------------------------------------------------------------------------


async def test_users_are_found_by_id_and_by_name(anna: CinnamonClient) -> None:
    assert await anna.text("getuser", "user/name", id=anna.user_id) == "anna"
    assert await anna.text("getuserbyname", "user/id", name="anna") == str(anna.user_id)
    for missing in (await anna.send("getuser", id=10**9), await anna.send("getuserbyname", name="nobody")):
        assert missing.tag == "users"
        assert [len(user) for user in missing] == [0]


async def test_a_superuser_of_the_farm_makes_a_user_who_is_in_the_repository_at_once(
    farm: Studio, root: CinnamonClient
) -> None:
    fields: dict[str, Any] = {"name": "newcomer", "pwd": PASSWORD, "fullname": "N. E. W.", "sudoable": "true"}
    number = await root.text("createuser", **fields)
    own = {each.findtext("name") for each in await root.send("getgroupsofuser", id=number)}
    assert own == {"_users", f"_{number}_newcomer"}
    shown = await root.send("getuser", id=number)
    assert (shown.findtext("user/sudoable"), shown.findtext("user/sudoer")) == ("true", "false")
    assert (await farm.connect("newcomer")).user_id == int(number)
    assert await root.refused("createuser", **fields) == "error.param.name"
    assert await root.refused("createuser", name="short", pwd="1234567") == "error.password.too.short"
    assert await root.text("getuserbyname", "user", name="short") == ""


async def test_a_removed_user_s_session_ends_and_what_they_made_stays(farm: Studio, root: CinnamonClient) -> None:
    leaver = await farm.connect("leaver")
    thing = await leaver.create("kept")
    assert await root.text("deleteuser", user_id=leaver.user_id) == "success.delete.user"
    assert await leaver.refused("getobject", id=thing) == "error.session.invalid"
    assert (await root.send("getobject", id=thing)).findtext("object/owner/id") == str(leaver.user_id)
    assert await root.refused("deleteuser", userId=leaver.user_id) == "error.param.user_id"


async def test_nobody_removes_themselves(root: CinnamonClient) -> None:
    assert await root.refused("deleteuser", user_id=root.user_id) == "error.param.user_id"


async def test_a_superuser_of_the_repository_leaves_the_farm_s_users_alone(
    boss: CinnamonClient, anna: CinnamonClient
) -> None:
    for client in (boss, anna):
        assert await client.refused("createuser", name="mine", pwd=PASSWORD) == "error.must_be_admin"
        assert await client.refused("deleteuser", user_id=anna.user_id) == "error.must_be_admin"
    assert await anna.text("getuserbyname", "user", name="mine") == ""
    assert await anna.text("getuser", "user/name", id=anna.user_id) == "anna"


async def test_a_password_is_changed_by_its_owner(farm: Studio) -> None:
    dora = await farm.connect("dora")
    assert await dora.refused("setpassword", password="1234567") == "error.password.too.short"
    assert await dora.text("setpassword", password="another long one") == "success.set.password"
    login = {"repository": "farm", "user": "dora", "machine": "m"}
    assert await farm.client().refused("connect", **login, pwd=PASSWORD) == "error.wrong.password"
    assert await farm.client().text("connect", "ticket", **login, pwd="another long one")


async def lent(farm: Studio, name: str) -> CinnamonClient:
    """The program that works on a render task of a user's."""
    repository, user = await farm.read(lambda c: (repository_named(c, "farm"), person_named(c, name)))
    assert repository is not None
    assert user is not None
    return farm.client(await farm.sessions.lend(repository, user, 1, lifetime=60))


async def test_who_acts_for_a_user_does_not_take_their_account(farm: Studio) -> None:
    deputy, emma = await farm.connect("deputy", sudoer=True), await farm.connect("emma", superuser=True, sudoable=True)
    as_emma = farm.client(await deputy.text("sudo", user_id=emma.user_id))
    forked = farm.client(await as_emma.text("forksession", "ticket"))
    program = await lent(farm, "emma")
    for client in (as_emma, forked, program):
        assert await client.refused("setpassword", password="stolen from emma") == "error.access.denied"
        assert await client.refused("createuser", name="mole", pwd=PASSWORD) == "error.access.denied"
        assert await client.refused("deleteuser", user_id=deputy.user_id) == "error.access.denied"
    assert (await farm.connect("emma")).user_id == emma.user_id, "the password is what it was"


async def test_an_echo_is_what_was_sent(anna: CinnamonClient) -> None:
    answer = await anna.send("echo", xml='<?xml version="1.0" encoding="latin-1"?><a b="ü">x<c/>y</a>', id=7)
    assert (answer.tag, answer.get("b"), answer[0].tail) == ("a", "ü", "y")


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
