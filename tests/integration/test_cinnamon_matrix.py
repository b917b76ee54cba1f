"""Permissions of the Cinnamon door: every command that needs one, for every kind of user, under every kind of ACL."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
import pytest_asyncio
from lxml import etree

from rendermill.doors.cinnamon.commands.unserved import UNSERVED
from rendermill.doors.cinnamon.registry import COMMANDS
from rendermill.store.cinnamon import catalogue as changes
from rendermill.store.cinnamon import folders, metasets, objects, relations
from rendermill.store.cinnamon.catalogue import load, repository_named
from rendermill.store.cinnamon.records import Holder, Kind, Metaset
from rendermill.store.cinnamon.seed import EVERYONE, OWNER, PERMISSIONS, Names
from rendermill.store.desk import Connection
from support.cinnamon import REPOSITORY, CinnamonClient, RefusedError, Studio, studio

pytestmark = pytest.mark.asyncio(loop_scope="module")

BROWSE, BROWSE_FOLDER = "_browse", "_browse_folder"
READ, WRITE = "_read_object_content", "_write_object_content"
READ_SYS, WRITE_SYS = "_read_object_sysmeta", "_write_object_sysmeta"
READ_META, WRITE_META = "_read_object_custom_metadata", "_write_object_custom_metadata"
CREATE, CREATE_FOLDER, EDIT_FOLDER = "_create_inside_folder", "_create_folder", "_edit_folder"
STATE = "_change_lifecycle_state"
RENDER_INPUT = '<metaset type="render_input"><renderTaskName>nobody</renderTaskName></metaset>'

USERS = ("superuser", "member", "nested", "owner", "stranger")
GROUP = "artists"
Grant = tuple[str, frozenset[str]]
"""To whom an ACL grants what: to the group, to everyone, or to owners."""
_numbers = itertools.count(1)


# --- what is tried on --------------------------------------------------------------------------------------------


@dataclass
class Ground:
    """A thing, another, and two folders, of the user ``owner``, all with the ACL in question, for one attempt."""

    connection: Connection
    world: World
    acl: int
    user_id: int
    """Who tries."""
    named: str = field(default_factory=lambda: f"thing{next(_numbers)}")
    parts: dict[str, int] = field(default_factory=dict)

    def part(self, name: str, make: Callable[[], int]) -> int:
        """A thing of the ground, made when it is first asked for."""
        if name not in self.parts:
            self.parts[name] = make()
        return self.parts[name]

    @property
    def folder(self) -> int:
        """The folder in which things are."""
        return self.part("folder", lambda: self._folder(self.named, self.world.arena))

    @property
    def inner(self) -> int:
        """A folder in it, with nothing in it."""
        return self.part("inner", lambda: self._folder("inner", self.folder))

    @property
    def target(self) -> int:
        """Another folder."""
        return self.part("target", lambda: self._folder(f"{self.named} target", self.world.arena))

    def _folder(self, name: str, parent: int) -> int:
        common = {"owner_id": self.world.ids["owner"], "acl_id": self.acl, "type_id": self.world.folder_type}
        return folders.add_folder(self.connection, self.world.repository, name=name, parent_id=parent, **common)

    @property
    def thing(self) -> int:
        """An object with a content, in a lifecycle."""
        return self.part("thing", lambda: self._thing(self.acl))

    @property
    def locked(self) -> int:
        """The object, locked by who tries."""
        objects.change_item(self.connection, self.thing, locker_id=self.user_id)
        return self.thing

    @property
    def other(self) -> int:
        """Another object."""
        return self.part("other", lambda: self._thing(self.acl))

    def _thing(self, acl: int) -> int:
        owner, own = self.world.ids["owner"], {"name": self.named, "acl_id": acl, "parent_id": self.folder}
        common = {"owner_id": owner, "creator_id": owner, "modifier_id": owner, "version": "1"}
        times = {"created": "2026-01-02T03:04:05", "modified": "2026-01-02T03:04:05"}
        values = {**self.world.columns, **own, **common, **times}
        return objects.add_item(self.connection, self.world.repository, **values)

    @property
    def relation(self) -> int:
        """A relation of the two."""
        return relations.add_relation(self.connection, self.world.relation_type, self.thing, self.other)

    def metaset(self, kind: Holder | None = None) -> int:
        """A metaset of a thing that everybody may do everything with; with ``kind`` it is this ground's as well."""
        open_thing = self._thing(self.world.open_acl)
        metasets.add_metasets(self.connection, Holder.OBJECT, open_thing, {self.world.metaset_type: "<a/>"})
        found = metasets.metasets_of(self.connection, Holder.OBJECT, open_thing)[0].id
        if kind is not None:
            holder = self.thing if kind is Holder.OBJECT else self.folder
            metasets.link(self.connection, kind, holder, Metaset(found, self.world.metaset_type, "<a/>"))
        return found


Fields = Callable[[Ground], Mapping[str, Any]]


@dataclass(frozen=True)
class Case:
    """A command as it is sent, and the permissions that it needs: one of several sets."""

    command: str
    fields: Fields
    needs: tuple[frozenset[str], ...]
    shows: str = ""
    """For what shows only what the caller may see: an element whose text is the thing's id, a folder's or a relation's
    in the answer."""
    note: str = ""

    def __str__(self) -> str:
        return f"{self.command} {self.note}".strip()

    def refusals(self) -> frozenset[str]:
        """The codes by which it is refused."""
        return frozenset(f"error.missing.permission.{each}" for needed in self.needs for each in needed)

    def grants(self) -> list[Grant]:
        """What ACLs grant that are tried: nothing, each permission alone, what is needed, all but one that is."""
        found: list[Grant] = [("group", frozenset()), *(("group", frozenset({each})) for each in PERMISSIONS)]
        for needed in self.needs:
            found += [(to, needed) for to in ("group", "everyone", "owner")]
            found += [("group", frozenset(PERMISSIONS) - {each}) for each in sorted(needed)]
        return list(dict.fromkeys(found))

    def allows(self, user: str, grant: Grant) -> bool:
        """Whether a user may."""
        to, granted = grant
        entitled = {"group": ("member", "nested"), "everyone": USERS, "owner": ("owner",)}[to]
        return user == "superuser" or (user in entitled and any(needed <= granted for needed in self.needs))


def case(command: str, fields: Fields, *needed: str, shows: str = "", note: str = "") -> Case:
    """A command that needs all of these permissions; ``a|b`` takes either."""
    ways = itertools.product(*(each.split("|") for each in needed))
    return Case(command, fields, tuple(frozenset(way) for way in ways), shows, note)


def ids(*numbers: int) -> str:
    """Ids as some commands take them."""
    return f"<ids>{''.join(f'<id>{each}</id>' for each in numbers)}</ids>"


def query(ground: Ground, number: int) -> str:
    """A search that finds a thing or a folder by its name; ``number`` makes sure that it is there."""
    assert number
    return f'<TermQuery fieldName="name">{ground.named}</TermQuery>'


CASES = [
    # objects
    case("getobject", lambda g: {"id": g.thing}, BROWSE),
    case("getobjects", lambda g: {"parentid": g.folder, "x": g.thing}, BROWSE, shows="object/id"),
    case("getobjectsbyid", lambda g: {"ids": ids(g.thing)}, BROWSE, shows="object/id"),
    case(
        "getobjectswithcustommetadata",
        lambda g: {"parentid": g.folder, "x": g.thing},
        BROWSE,
        READ_META,
        shows="object/id",
    ),
    case("searchobjects", lambda g: {"query": query(g, g.thing)}, BROWSE, shows="object/id"),
    case("searchobjectids", lambda g: {"query": query(g, g.thing)}, BROWSE, shows="id"),
    case("create", lambda g: {"name": "made", "parentid": g.folder}, CREATE),
    case("startrendertask", lambda g: {"parentid": g.folder, "metadata": RENDER_INPUT}, CREATE),
    case("version", lambda g: {"preid": g.thing}, "_version", CREATE),
    case("copy", lambda g: {"sourceid": g.thing, "targetfolderid": g.target}, READ, READ_META, READ_SYS, CREATE),
    case(
        "copytoexisting",
        lambda g: {"sourceid": g.other, "targetid": g.locked, "copycontent": "true"},
        READ,
        WRITE,
        note="content",
    ),
    case(
        "copytoexisting",
        lambda g: {"sourceid": g.other, "targetid": g.locked, "copymetasets": "test"},
        READ_META,
        WRITE_META,
        note="metasets",
    ),
    case("delete", lambda g: {"id": g.thing}, "_delete_object"),
    case("deleteallversions", lambda g: {"id": g.thing}, "_delete_object"),
    case("lock", lambda g: {"id": g.thing}, "_lock"),
    case("getcontent", lambda g: {"id": g.thing}, READ),
    case("setcontent", lambda g: {"id": g.locked}, WRITE),
    case("getsysmeta", lambda g: {"id": g.thing, "parameter": "name"}, READ_SYS),
    case("setsysmeta", lambda g: {"id": g.locked, "parameter": "name", "value": "x"}, WRITE_SYS, note="name"),
    case("setsysmeta", lambda g: {"id": g.thing, "parameter": "acl_id", "value": g.acl}, "_set_acl", note="acl_id"),
    case(
        "setsysmeta",
        lambda g: {"id": g.thing, "parameter": "parentid", "value": g.target},
        "_move",
        CREATE,
        note="parentid",
    ),
    # lifecycles
    case("getnextstates", lambda g: {"id": g.thing}, READ_SYS),
    case("changestate", lambda g: {"id": g.locked, "state_name": "failed"}, f"{WRITE_SYS}|{STATE}"),
    case("attachlifecycle", lambda g: {"id": g.locked, "lifecycle_id": g.world.lifecycle}, f"{WRITE_SYS}|{STATE}"),
    case("detachlifecycle", lambda g: {"id": g.locked}, f"{WRITE_SYS}|{STATE}"),
    # metadata
    case("getmeta", lambda g: {"id": g.thing}, READ_META),
    case("setmeta", lambda g: {"id": g.locked, "metadata": "<meta/>"}, WRITE_META),
    case("getfoldermeta", lambda g: {"id": g.folder}, READ_META),
    case("appendmessage", lambda g: {"id": g.thing, "message": "hello"}, WRITE_META),
    case("getmetaset", lambda g: {"id": g.thing, "class_name": "OSD", "type_name": "test"}, READ_META, note="OSD"),
    case(
        "getmetaset", lambda g: {"id": g.folder, "class_name": "Folder", "type_name": "test"}, READ_META, note="Folder"
    ),
    case(
        "setmetaset",
        lambda g: {"id": g.locked, "class_name": "OSD", "type_name": "test", "content": "<metaset/>"},
        WRITE_META,
        note="OSD",
    ),
    case(
        "setmetaset",
        lambda g: {"id": g.folder, "class_name": "Folder", "type_name": "test", "content": "<metaset/>"},
        EDIT_FOLDER,
        note="Folder",
    ),
    case(
        "linkmetaset",
        lambda g: {"id": g.locked, "class_name": "OSD", "metaset_id": g.metaset()},
        WRITE_META,
        note="OSD",
    ),
    case(
        "linkmetaset",
        lambda g: {"id": g.folder, "class_name": "Folder", "metaset_id": g.metaset()},
        EDIT_FOLDER,
        note="Folder",
    ),
    case(
        "unlinkmetaset",
        lambda g: {"id": g.locked, "class_name": "OSD", "metaset_id": g.metaset(Holder.OBJECT)},
        WRITE_META,
        note="OSD",
    ),
    case(
        "unlinkmetaset",
        lambda g: {"id": g.folder, "class_name": "Folder", "metaset_id": g.metaset(Holder.FOLDER)},
        EDIT_FOLDER,
        note="Folder",
    ),
    # relations
    case(
        "createrelation",
        lambda g: {"name": "rendition", "leftid": g.thing, "rightid": g.other},
        BROWSE,
        "_add_child_relation",
        "_add_parent_relation",
    ),
    case("getrelations", lambda g: {"leftid": g.thing, "x": g.relation}, BROWSE, shows="relation/leftId"),
    case("deleterelation", lambda g: {"id": g.relation}, BROWSE, "_remove_child_relation", "_remove_parent_relation"),
    # folders
    case("createfolder", lambda g: {"name": "made", "parentid": g.folder}, CREATE_FOLDER),
    case(
        "getfolderbypath",
        lambda g: {"path": f"/arena/{g.named}/made", "autocreate": "true", "x": g.folder},
        CREATE_FOLDER,
        note="autocreate",
    ),
    case(
        "getfolderbypath",
        lambda g: {"path": f"/arena/{g.named}", "x": g.folder},
        BROWSE_FOLDER,
        shows="folder/id",
    ),
    case("getfolder", lambda g: {"id": g.folder}, BROWSE_FOLDER),
    case("getfoldersbyid", lambda g: {"ids": ids(g.folder)}, BROWSE_FOLDER, shows="folder/id"),
    case("getsubfolders", lambda g: {"parentid": g.folder, "x": g.inner}, BROWSE_FOLDER, shows="folder/parentId"),
    case("searchfolders", lambda g: {"query": query(g, g.folder)}, BROWSE_FOLDER, shows="folder/id"),
    case("updatefolder", lambda g: {"id": g.folder, "name": f"{g.named} new"}, EDIT_FOLDER, note="name"),
    case("updatefolder", lambda g: {"id": g.folder, "aclid": g.acl}, "_set_acl", note="aclid"),
    case("updatefolder", lambda g: {"id": g.inner, "parentid": g.target}, "_move", CREATE_FOLDER, note="parentid"),
    case("deletefolder", lambda g: {"id": g.folder}, "_delete_folder"),
]
#: Whoever is connected may.
OPEN = """
getobjtypes getfoldertypes getformats getrelationtypes listlanguages listuilanguages listmessages listpermissions
listmetasettypes getpermission getacls listaclentries getaclentry listaclmembers getusersacls getuserspermissions
listgroups getgroupsofuser getusers getuser getuserbyname getlifecycle getlifecyclestate listlifecycles echo setpassword
"""
#: The holder of the lock, superusers, or what the entry itself says.
OTHERWISE = "unlock getconfigentry setconfigentry"
#: Superusers alone.
ADMINS = """
createobjecttype deleteobjecttype createfoldertype deletefoldertype createformat deleteformat createrelationtype
deleterelationtype createpermission deletepermission createacl editacl deleteacl addgrouptoacl removegroupfromacl
addpermissiontoaclentry removepermissionfromaclentry creategroup deletegroup addusertogroup removeuserfromgroup
createlifecycle addlifecyclestate deletelifecycle createuser deleteuser
"""


# --- the world ---------------------------------------------------------------------------------------------------


@dataclass
class World:
    """A repository with the users, and ids of what attempts need."""

    farm: Studio
    clients: dict[str, CinnamonClient]
    repository: int
    arena: int
    folder_type: int
    lifecycle: int
    relation_type: int
    metaset_type: int
    open_acl: int
    columns: Mapping[str, Any]
    """What every thing has."""
    grantees: Mapping[str, int]
    acls: dict[Grant, int] = field(default_factory=dict)

    @property
    def ids(self) -> dict[str, int]:
        """The users' numbers."""
        return {name: client.user_id for name, client in self.clients.items()}

    def acl(self, connection: Connection, grant: Grant) -> int:
        """The ACL that grants that and nothing else."""
        if grant not in self.acls:
            made = changes.add_term(connection, self.repository, Kind.ACL, f"acl {len(self.acls)}")
            changes.put_entry(connection, self.repository, made, self.grantees[grant[0]], grant[1])
            self.acls[grant] = made
        return self.acls[grant]

    async def grounds(self, tried: Case) -> list[tuple[str, Grant, int, Mapping[str, Any]]]:
        """The fields of every attempt at a command, with the thing, folder or relation that it may show."""

        def prepare(connection: Connection) -> list[tuple[str, Grant, int, Mapping[str, Any]]]:
            found = []
            for grant, user in itertools.product(tried.grants(), USERS):
                ground = Ground(connection, self, self.acl(connection, grant), self.ids[user])
                fields = tried.fields(ground)
                shown = ground.parts["thing" if "thing" in ground.parts else "folder"]
                found.append((user, grant, shown, fields))
            return found

        return await self.farm.write(prepare)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    async with studio(tmp_path_factory.mktemp("matrix") / "farm") as farm:
        clients = {name: await farm.connect(name, superuser=name == "superuser") for name in USERS}
        sample = await clients["superuser"].create("sample", content=b"content")

        def found(connection: Connection) -> World:
            repository = repository_named(connection, REPOSITORY)
            assert repository is not None
            return _world(connection, farm, clients, repository.id, sample)

        yield await farm.write(found)


def _world(
    connection: Connection, farm: Studio, clients: dict[str, CinnamonClient], repository: int, sample: int
) -> World:
    def group(name: str, parent: int | None = None) -> int:
        details = {"is_user": False, "parent": parent}
        return changes.add_term(connection, repository, Kind.GROUP, name, details=details)

    artists = group(GROUP)
    changes.add_member(connection, repository, artists, clients["member"].user_id)
    changes.add_member(connection, repository, group("painters", artists), clients["nested"].user_id)
    open_acl = changes.add_term(connection, repository, Kind.ACL, "open")
    known = load(connection, repository)
    grantees = {
        "group": artists,
        "everyone": known.id_of(Kind.GROUP, EVERYONE),
        "owner": known.id_of(Kind.GROUP, OWNER),
    }
    changes.put_entry(connection, repository, open_acl, grantees["everyone"], frozenset(PERMISSIONS))
    item = objects.item(connection, repository, sample)
    lifecycle = known.lifecycle_named(Names.LIFECYCLE["seed"])
    assert item is not None
    assert lifecycle is not None
    copied = ("type_id", "language_id", "content", "content_size", "content_sha256")
    columns = {"state_id": lifecycle.default_state_id, **{name: getattr(item, name) for name in copied}}
    root = folders.root(connection, repository)
    common = {"owner_id": 0, "acl_id": open_acl, "type_id": root.type_id}
    arena = folders.add_folder(connection, repository, name="arena", parent_id=root.id, **common)
    types = known.id_of(Kind.RELATION_TYPE, "rendition"), known.id_of(Kind.METASET_TYPE, "test")
    return World(farm, clients, repository, arena, root.type_id, lifecycle.id, *types, open_acl, columns, grantees)


# --- the matrix --------------------------------------------------------------------------------------------------


async def outcome(world: World, tried: Case, user: str, shown: int, fields: Mapping[str, Any]) -> bool:
    """Whether a user could do it; another refusal than for a permission is an error."""
    answer = await world.clients[user].raw(tried.command, **fields)
    if answer.body.rstrip().endswith(b"</error>"):
        refused = RefusedError(answer.body)
        assert not tried.shows, refused
        assert refused.code in tried.refusals(), refused
        return False
    if not tried.shows:
        return True
    return str(shown) in [each.text for each in etree.fromstring(answer.body).iterfind(tried.shows)]


@pytest.mark.parametrize("tried", CASES, ids=str)
async def test_a_command_is_let_in_exactly_where_the_acl_grants_what_it_needs(world: World, tried: Case) -> None:
    attempts = await world.grounds(tried)
    outcomes = await asyncio.gather(
        *(outcome(world, tried, user, shown, fields) for user, _, shown, fields in attempts)
    )
    wrong = [
        (user, to, sorted(granted), was)
        for (user, (to, granted), _, _), was in zip(attempts, outcomes, strict=True)
        if was != tried.allows(user, (to, granted))
    ]
    assert wrong == []
    assert {True, False} <= set(outcomes)


async def test_every_command_is_in_the_matrix_or_known_to_need_no_permission() -> None:
    needing = {each.command for each in CASES}
    others = [*OPEN.split(), *OTHERWISE.split(), *ADMINS.split()]
    assert needing.isdisjoint(others)
    assert len(others) == len(set(others))
    assert needing | set(others) == set(COMMANDS) - set(UNSERVED)
