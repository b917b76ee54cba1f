"""Who may do what: the check of Cinnamon's ACLs.

A user may if they are a superuser, or if an entry of the ACL grants it to a group of theirs, to a group that such a
group is in, to ``_everyone``, or, for what is their own, to ``_owner``.
"""

from __future__ import annotations

from rendermill.doors.cinnamon.codes import missing_permission
from rendermill.farm.model.identity import Account
from rendermill.store.cinnamon.catalogue import Catalogue
from rendermill.store.cinnamon.records import Folder, Item, Kind
from rendermill.store.cinnamon.seed import EVERYONE, OWNER, SUPERUSERS

BROWSE, BROWSE_FOLDER = "_browse", "_browse_folder"
READ_CONTENT, WRITE_CONTENT = "_read_object_content", "_write_object_content"
READ_SYSMETA, WRITE_SYSMETA = "_read_object_sysmeta", "_write_object_sysmeta"
READ_METADATA, WRITE_METADATA = "_read_object_custom_metadata", "_write_object_custom_metadata"
CREATE_OBJECT, CREATE_FOLDER = "_create_inside_folder", "_create_folder"
EDIT_FOLDER, DELETE_FOLDER = "_edit_folder", "_delete_folder"
VERSION, DELETE, LOCK, MOVE, SET_ACL = "_version", "_delete_object", "_lock", "_move", "_set_acl"


class Access:
    """What a user may do in a repository."""

    def __init__(self, catalogue: Catalogue, user: Account) -> None:
        self._catalogue, self._user = catalogue, user
        self._groups = catalogue.groups_of(user.id)
        self._everyone = _id(catalogue, EVERYONE)
        self._owner = _id(catalogue, OWNER)
        self.superuser = user.superuser or _id(catalogue, SUPERUSERS) in self._groups
        """Superusers of the farm are so in every repository."""

    def allows(self, permission: str, thing: Item | Folder) -> bool:
        """Whether the user may do that with an object or a folder."""
        return self.superuser or self._grants(permission, thing.acl_id, thing.owner_id == self._user.id)

    def need(self, permission: str, thing: Item | Folder) -> None:
        """Pass if the user may. Raises :class:`CinnamonError`."""
        if not self.allows(permission, thing):
            kind = "folder" if isinstance(thing, Folder) else "object"
            raise missing_permission(permission, f"{kind} {thing.id}")

    def acls(self, permission: str) -> tuple[frozenset[int], frozenset[int]]:
        """The ACLs that let the user do that, and those that let them only with what is their own."""
        ids = [term.id for term in self._catalogue.all(Kind.ACL)]
        anyway = frozenset(acl for acl in ids if self._grants(permission, acl, False))
        return anyway, frozenset(acl for acl in ids if self._grants(permission, acl, True)) - anyway

    def _grants(self, permission: str, acl_id: int, owned: bool) -> bool:
        return any(
            permission in entry.permissions and self._counts(entry.group_id, owned)
            for entry in self._catalogue.entries_of(acl_id)
        )

    def _counts(self, group_id: int, owned: bool) -> bool:
        return group_id in self._groups or group_id == self._everyone or (owned and group_id == self._owner)


def _id(catalogue: Catalogue, group: str) -> int | None:
    found = catalogue.named(Kind.GROUP, group)
    return None if found is None else found.id
