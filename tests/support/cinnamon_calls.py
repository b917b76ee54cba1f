"""Every command of the Cinnamon door with its parameters, and a repository that has one of everything they name."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from lxml import etree

from rendermill.doors.cinnamon.commands.unserved import UNSERVED
from rendermill.doors.cinnamon.registry import COMMANDS
from rendermill.store.desk import Connection
from rendermill.store.schema import metadata
from support.asgi import Answer
from support.cinnamon import CinnamonClient, Studio

#: Parameters with what they hold; those in brackets may be left out.
_TABLE = """
startrendertask [name:name] parentid:folder metadata:task [objtype_id:type] [acl_id:acl] [format_id:format] \
    [language_id:language] [preid:object] [appname:text] [summary:text] [objtype:type_name] [format:format_name]
appendmessage id:object message:text [level:level]
create name:name parentid:folder [metadata:metadata] [objtype_id:type] [objtype:type_name] [format_id:format] \
    [format:format_name] [acl_id:acl] [language_id:language] [preid:object] [metasets:metaset_name] [appname:text]
version preid:free [name:name] [parentid:folder] [metadata:metadata] [acl_id:acl] [objtype_id:type] \
    [language_id:language] [format_id:format] [appname:text]
copy sourceid:object targetfolderid:folder
copytoexisting sourceid:free targetid:object [copymetasets:metaset_name] [copycontent:flag]
getobject id:object [include_summary:flag]
getobjects parentid:folder [versions:versions]
getobjectswithcustommetadata parentid:folder [versions:versions]
getobjectsbyid ids:ids
getfoldersbyid ids:ids
getcontent id:free [resultfile:text]
setcontent id:object [format:format_name] [format_id:format]
getmeta id:object [metasets:metaset_name]
getfoldermeta id:folder
setmeta id:object metadata:metadata
getmetaset id:object class_name:osd type_name:metaset_name
setmetaset id:object class_name:osd type_name:metaset_name content:xml [write_policy:policy]
linkmetaset id:object class_name:osd metaset_id:metaset
unlinkmetaset id:object class_name:osd metaset_id:metaset
getsysmeta id:object parameter:parameter
setsysmeta id:object parameter:parameter value:text
lock id:free
unlock id:object
delete id:object
deleteallversions id:object
createfolder name:name parentid:folder [aclid:acl] [ownerid:user] [typeid:folder_type] [metadata:metadata] \
    [summary:text]
getfolder id:folder [include_summary:flag]
getfolderbypath path:path [autocreate:flag]
getsubfolders parentid:folder
updatefolder id:folder [parentid:other_folder] [name:name] [aclid:acl] [ownerid:user] [metadata:metadata] \
    [typeid:folder_type] [summary:text]
deletefolder id:folder
attachlifecycle id:object lifecycle_id:lifecycle [lifecycle_state_id:state]
detachlifecycle id:object
changestate id:object [state_name:state_name] [lifecycle_state_id:state] [expected_state_id:state]
getnextstates id:object
getlifecycle [id:lifecycle] [name:lifecycle_name]
getlifecyclestate id:state
listlifecycles
createlifecycle name:name
addlifecyclestate lifecycle_id:lifecycle name:name state_class:state_class [config:xml] [lcs_for_copy_id:state] \
    [set_default:flag]
deletelifecycle lifecycle_id:lifecycle
searchobjects query:query [page_size:number] [page:number] [metaset_list:metaset_name] [include_summary:flag]
searchobjectids query:query
searchfolders query:query [page_size:number] [page:number] [metaset_list:metaset_name]
createrelation name:relation_name leftid:free rightid:object [metadata:metadata]
getrelations [name:relation_name] [leftid:object] [rightid:free] [include_metadata:flag]
deleterelation id:relation
getacls [id:acl]
listaclentries [aclid:acl] [groupid:group]
getaclentry id:entry
listaclmembers id:acl
getusersacls [id:user]
getuserspermissions userId:user aclId:acl
listgroups [groupid:group]
getgroupsofuser id:user [recursive:flag]
getusers
getuser id:user
getuserbyname name:name
getpermission id:permission
getformats [id:format] [name:format_name]
getobjtypes
getfoldertypes
getrelationtypes
listlanguages
listuilanguages
listpermissions
listmetasettypes
listmessages
getconfigentry name:config_name
setconfigentry name:name config:xml
echo xml:xml [id:number]
setpassword password:password
createuser name:user_name pwd:password [sudoer:flag] [sudoable:flag]
deleteuser user_id:nobody
createacl name:name [description:text]
editacl acl_id:acl [name:name] [description:text]
deleteacl id:acl
addgrouptoacl acl_id:acl group_id:group
removegroupfromacl acl_id:acl group_id:group
addpermissiontoaclentry entry_id:entry permission_id:permission
removepermissionfromaclentry entry_id:entry permission_id:permission
creategroup name:name [description:text] [parentid:group]
deletegroup id:group
addusertogroup user_id:user group_id:group
removeuserfromgroup user_id:user group_id:group
createobjecttype name:name [description:text]
deleteobjecttype id:type
createfoldertype name:name [description:text]
deletefoldertype id:folder_type
createformat name:name extension:format_name contenttype:content_type [description:text]
deleteformat format_id:format
createrelationtype name:name [description:text] [leftobjectprotected:flag] [cloneOnLeftCopy:flag] \
    [left_resolver:text] [right_resolver_id:number]
deleterelationtype id:relation_type
createpermission name:name [description:text]
deletepermission id:permission
"""
#: Parameters that hold the id of something which belongs to a repository.
IDS = frozenset(
    {"object", "free", "folder", "other_folder", "acl", "group", "entry", "permission", "type", "folder_type"}
    | {"format", "language", "lifecycle", "state", "metaset", "relation", "relation_type"}
)
_names = itertools.count(1)


@dataclass(frozen=True)
class Spec:
    """A command's parameters: what each holds."""

    name: str
    needs: Mapping[str, str]
    may: Mapping[str, str] = field(default_factory=dict)

    @property
    def parameters(self) -> dict[str, str]:
        """All of them."""
        return {**self.needs, **self.may}


def _spec(line: str) -> Spec:
    name, *words = line.split()
    may = dict(each.strip("[]").split(":") for each in words if each.startswith("["))
    return Spec(name, dict(each.split(":") for each in words if not each.startswith("[")), may)


SPECS = {spec.name: spec for spec in map(_spec, _TABLE.replace("\\\n", " ").strip().splitlines())}
UNSERVED_SPECS = {name: Spec(name, {}, {"id": "object"}) for name in UNSERVED}


@dataclass
class World:
    """One of everything in a repository, and the superuser who made it."""

    admin: CinnamonClient
    values: dict[str, str]

    def value(self, kind: str) -> str:
        """What a parameter may hold."""
        if kind in ("name", "user_name", "password"):
            return f"{kind} {next(_names)}".replace("user_name ", "user")
        return self.values[kind]

    async def send(self, command: str, **fields: Any) -> Answer:
        """Send a command, with a file if it takes one; the whole answer."""
        file = ("a file.bin", b"x" * 100) if COMMANDS[command].takes_file else None
        return await self.admin.raw(command, file=file, **fields)

    def fields(self, spec: Spec, *optional: str) -> dict[str, str]:
        """What a command needs, and some of what it may have."""
        wanted = {**spec.needs, **{name: spec.may[name] for name in optional}}
        return {name: self.value(kind) for name, kind in wanted.items()}


async def world(studio: Studio, repository: str) -> World:
    """Make one of everything in a repository."""
    admin = await studio.connect(repository=repository, superuser=True)
    send, text = admin.send, admin.text
    number = next(_names)
    folder = await text("createfolder", "folder/id", name=f"place {number}", parentid=0)
    other = await text("createfolder", "folder/id", name=f"other {number}", parentid=0)
    task = await admin.task(parentid=folder)
    free = await admin.create("free", content=b"its content", format="txt")
    await send("lock", id=free)
    meta = '<metaset type="log"><line>1</line></metaset>'
    await send("setmeta", id=free, metadata=meta)
    metaset = (await send("getmeta", id=free)).find("metaset")
    await send("unlock", id=free)
    await send("lock", id=task)
    acl = await text("createacl", "acl/id", name=f"acl {number}")
    group = await text("creategroup", "groupid", name=f"group {number}")
    permission = await text("createpermission", "permission/id", name=f"permission {number}")
    entry = await text("addgrouptoacl", "aclEntry/id", acl_id=acl, group_id=group)
    await send("addpermissiontoaclentry", entry_id=entry, permission_id=permission)
    lifecycle = await text("createlifecycle", name=f"lifecycle {number}")
    state = await text(
        "addlifecyclestate", lifecycle_id=lifecycle, name="a", state_class="NopState", set_default="true"
    )
    await send("setconfigentry", name=f"config {number}", config="<config><isPublic>true</isPublic></config>")
    relation = await text("createrelation", "relation/id", name="child_content", leftid=free, rightid=task)
    language = await text("listlanguages", "language[1]/id")
    made = {"object": task, "free": free, "folder": folder, "other_folder": other, "acl": acl, "group": group}
    made |= {"entry": entry, "permission": permission, "lifecycle": lifecycle, "state": state, "relation": relation}
    made |= {"metaset": metaset.get("id") if metaset is not None else "", "language": language}
    made["type"] = await text("createobjecttype", name=f"type {number}")
    made["folder_type"] = await text("createfoldertype", "folderType/id", name=f"folder type {number}")
    made["format"] = await text("createformat", name=f"format {number}", extension="x", contenttype="a/x")
    made["relation_type"] = await text("createrelationtype", name=f"relation type {number}")
    made["user"] = (await studio.connect(repository=repository)).user_id
    made["nobody"] = (await studio.connect(repository=repository)).user_id
    texts = {
        "task": '<metaset type="render_input"><renderTaskName>foo</renderTaskName></metaset>',
        "metadata": f"<meta>{meta}</meta>",
        "query": f'<TermQuery fieldName="parent_id">{folder}</TermQuery>',
        "ids": f"<ids><id>{task}</id><id>{folder}</id></ids>",
        "xml": "<x><y>1</y></x>",
        "text": "some text",
        "path": f"/place {number}",
        "number": "1",
        "flag": "true",
        "level": "info",
        "versions": "all",
        "osd": "OSD",
        "policy": "WRITE",
        "parameter": "appname",
        "type_name": f"type {number}",
        "format_name": "png",
        "metaset_name": "log",
        "relation_name": "child_content",
        "lifecycle_name": f"lifecycle {number}",
        "config_name": f"config {number}",
        "state_name": "failed",
        "state_class": "NopState",
        "content_type": "image/png",
    }
    return World(admin, {**{name: str(value) for name, value in made.items()}, **texts})


async def everything(studio: Studio) -> dict[str, list[tuple[object, ...]]]:
    """All rows of all tables of repositories but sessions."""
    tables = [name for name in metadata.tables if name.startswith("cinnamon_") and name != "cinnamon_sessions"]
    assert len(tables) > 10

    def read(connection: Connection) -> dict[str, list[tuple[object, ...]]]:
        return {each: [tuple(row) for row in connection.exec_driver_sql(f"SELECT * FROM {each}")] for each in tables}

    return await studio.read(read)


def code_of(answer: Answer) -> str:
    """The code of an answer in good form; empty for none."""
    assert answer.status == 200
    if not answer.body.startswith(b"<?xml"):
        assert answer.headers["content-disposition"]
        return ""
    root = etree.fromstring(answer.body)
    code = (root.findtext("code") or "") if root.tag == "error" else ""
    assert code != "error.internal"
    assert b"Traceback" not in answer.body
    return code
