"""What the cases of the Cinnamon door have in common."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lxml import etree

from support.cinnamon import CinnamonClient, Place

ALL_OF_OBJECTS = (
    *("_browse", "_lock", "_read_object_content", "_write_object_content", "_read_object_sysmeta"),
    *("_write_object_sysmeta", "_read_object_custom_metadata", "_write_object_custom_metadata", "_delete_object"),
    *("_version", "_set_acl", "_create_inside_folder", "_browse_folder", "_move"),
)
_numbers = itertools.count(1)


def fresh(word: str) -> str:
    """A name that nothing else has: repositories are shared by cases."""
    return f"{word}-{next(_numbers)}"


@dataclass(frozen=True)
class Stage:
    """A repository in which a case is played."""

    place: Place
    repository: str
    profile: str

    def name(self, names: Mapping[str, str]) -> str:
        """What the repository calls a thing of :class:`Names`."""
        return names[self.profile]

    def other_name(self, names: Mapping[str, str]) -> str:
        """What the other profile calls it."""
        return next(name for profile, name in names.items() if profile != self.profile)

    async def connect(
        self, name: str | None = None, *, superuser: bool = False, sudoer: bool = False, sudoable: bool = False
    ) -> CinnamonClient:
        """A new user who is connected."""
        name = name or fresh("user")
        rights = {"superuser": superuser, "sudoer": sudoer, "sudoable": sudoable}
        return await self.place.connect(name, repository=self.repository, **rights)


async def group_of(client: CinnamonClient) -> str:
    """The id of the group that a user is alone in."""
    groups = await client.send("getgroupsofuser", id=client.user_id)
    found = next(each for each in groups.iterfind("group") if each.findtext("is_user") == "true")
    return found.findtext("id") or ""


async def _group_named(admin: CinnamonClient, name: str) -> str:
    groups = await admin.send("listgroups")
    return next(each.findtext("id") or "" for each in groups.iterfind("group") if each.findtext("sysName") == name)


async def acl(admin: CinnamonClient, grants: Mapping[str, tuple[str, ...]], name: str = "") -> int:
    """An ACL that grants permissions to groups, which are given by name or id; its id."""
    made = int(await admin.text("createacl", "acl/id", name=name or fresh("acl"), description="of a case"))
    permissions = {
        each.findtext("name"): each.findtext("id") for each in (await admin.send("listpermissions")).iter("permission")
    }
    for group, granted in grants.items():
        number = group if group.isdecimal() else await _group_named(admin, group)
        entry = await admin.text("addgrouptoacl", "aclEntry/id", acl_id=made, group_id=number)
        for each in granted:
            await admin.send("addpermissiontoaclentry", entry_id=entry, permission_id=permissions[each])
    return made


async def folder(client: CinnamonClient, **fields: object) -> int:
    """A new folder in the root; its id."""
    return int(await client.text("createfolder", "folder/id", **{"name": fresh("folder"), "parentid": 0, **fields}))


async def lifecycle(admin: CinnamonClient, *states: tuple[str, str, str], default: str | None = None) -> etree._Element:
    """A lifecycle with states of a name, a class and a config; the element that shows it."""
    name = fresh("lifecycle")
    made = await admin.text("createlifecycle", name=name)
    for state, state_class, config in states:
        fields: dict[str, Any] = {"lifecycle_id": made, "name": state, "state_class": state_class, "config": config}
        await admin.send("addlifecyclestate", **fields, set_default="true" if state == default else None)
    found = (await admin.send("getlifecycle", name=name)).find("lifecycle")
    assert found is not None
    return found


def state_id(shown: etree._Element, name: str) -> str:
    """The id of a state of a lifecycle."""
    states = shown.iterfind("states/lifecycleState")
    return next(each.findtext("id") or "" for each in states if each.findtext("sysName") == name)


async def locked(client: CinnamonClient, object_id: int) -> int:
    """An object, which the client has locked now."""
    await client.send("lock", id=object_id)
    return object_id
