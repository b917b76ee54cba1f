"""The tables of Cinnamon repositories. Users are the farm's, by their numbers; everything else belongs to a repository.

Times are kept as Cinnamon shows them, ``yyyy-MM-ddTHH:mm:ss`` in local time, because searches compare them as text.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    false,
    text,
    true,
)

from rendermill.store.schema import metadata

repositories = Table(
    "cinnamon_repositories",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String(27), nullable=False, unique=True),
    Column("profile", String(16), nullable=False),
    Column("categories", JSON, nullable=False),
    Column("session_seconds", Float, nullable=False),
    # Names of render tasks that the farm itself works on; null for all that it can.
    Column("serves", JSON),
    # Programs of the administrator by the names of their tasks.
    Column("programs", JSON, nullable=False),
    # Changes, to a value that never was, whenever anything of the repository's catalogue does.
    Column("revision", String(32), nullable=False),
    sqlite_autoincrement=True,
)

# Named things of which a repository has tens: types, formats, permissions, groups, ACLs, languages, config entries.
terms = Table(
    "cinnamon_terms",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("repository_id", Integer, ForeignKey("cinnamon_repositories.id", ondelete="CASCADE"), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("name", Text, nullable=False),
    Column("description", Text, nullable=False, server_default=text("''")),
    Column("details", JSON, nullable=False, server_default=text("'{}'")),
    sqlite_autoincrement=True,
)
Index("ix_cinnamon_terms_name", terms.c.repository_id, terms.c.kind, terms.c.name, unique=True)

members = Table(
    "cinnamon_members",
    metadata,
    Column("group_id", Integer, ForeignKey("cinnamon_terms.id", ondelete="CASCADE"), primary_key=True),
    Column("user_id", Integer, primary_key=True),
    sqlite_with_rowid=False,
)

# What an ACL lets a group do: names of permissions.
entries = Table(
    "cinnamon_entries",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("acl_id", Integer, ForeignKey("cinnamon_terms.id", ondelete="CASCADE"), nullable=False),
    Column("group_id", Integer, ForeignKey("cinnamon_terms.id", ondelete="CASCADE"), nullable=False),
    Column("permissions", JSON, nullable=False),
    sqlite_autoincrement=True,
)
Index("ix_cinnamon_entries_acl", entries.c.acl_id, entries.c.group_id, unique=True)

lifecycles = Table(
    "cinnamon_lifecycles",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("repository_id", Integer, ForeignKey("cinnamon_repositories.id", ondelete="CASCADE"), nullable=False),
    Column("name", Text, nullable=False),
    Column("default_state_id", Integer),
    sqlite_autoincrement=True,
)
Index("ix_cinnamon_lifecycles_name", lifecycles.c.repository_id, lifecycles.c.name, unique=True)

states = Table(
    "cinnamon_states",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("lifecycle_id", Integer, ForeignKey("cinnamon_lifecycles.id", ondelete="CASCADE"), nullable=False),
    Column("name", Text, nullable=False),
    Column("state_class", Text, nullable=False),
    Column("config", Text, nullable=False),
    Column("copy_state_id", Integer),
    sqlite_autoincrement=True,
)
Index("ix_cinnamon_states_name", states.c.lifecycle_id, states.c.name, unique=True)

folders = Table(
    "cinnamon_folders",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("repository_id", Integer, ForeignKey("cinnamon_repositories.id", ondelete="CASCADE"), nullable=False),
    # Null for the root alone.
    Column("parent_id", Integer, ForeignKey("cinnamon_folders.id")),
    Column("name", Text, nullable=False),
    Column("owner_id", Integer, nullable=False),
    Column("acl_id", Integer, ForeignKey("cinnamon_terms.id"), nullable=False),
    Column("type_id", Integer, ForeignKey("cinnamon_terms.id"), nullable=False),
    Column("summary", Text, nullable=False, server_default=text("''")),
    # Metadata without any metaset, as older clients write it.
    Column("free_meta", Text, nullable=False, server_default=text("''")),
    sqlite_autoincrement=True,
)
Index("ix_cinnamon_folders_parent", folders.c.repository_id, folders.c.parent_id, folders.c.name, unique=True)
Index("ix_cinnamon_folders_parent_id", folders.c.parent_id)

objects = Table(
    "cinnamon_objects",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("repository_id", Integer, ForeignKey("cinnamon_repositories.id", ondelete="CASCADE"), nullable=False),
    Column("name", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("created", String(19), nullable=False),
    Column("modified", String(19), nullable=False),
    Column("procstate", Text, nullable=False, server_default=text("''")),
    Column("acl_id", Integer, ForeignKey("cinnamon_terms.id"), nullable=False),
    Column("appname", Text, nullable=False, server_default=text("''")),
    Column("latest_head", Boolean, nullable=False, server_default=true()),
    Column("latest_branch", Boolean, nullable=False, server_default=true()),
    Column("content_changed", Boolean, nullable=False, server_default=false()),
    Column("metadata_changed", Boolean, nullable=False, server_default=false()),
    Column("locker_id", Integer),
    Column("owner_id", Integer, nullable=False),
    Column("creator_id", Integer, nullable=False),
    Column("modifier_id", Integer, nullable=False),
    Column("format_id", Integer, ForeignKey("cinnamon_terms.id")),
    Column("type_id", Integer, ForeignKey("cinnamon_terms.id"), nullable=False),
    # The content: a blob (BLAKE3 in hex), its size in bytes, its SHA-256 as clients are told it.
    Column("content", String(64)),
    Column("content_size", BigInteger),
    Column("content_sha256", String(64)),
    Column("parent_id", Integer, ForeignKey("cinnamon_folders.id"), nullable=False),
    Column("predecessor_id", Integer),
    Column("root_id", Integer),
    Column("language_id", Integer, ForeignKey("cinnamon_terms.id"), nullable=False),
    Column("state_id", Integer),
    Column("summary", Text, nullable=False, server_default=text("''")),
    Column("free_meta", Text, nullable=False, server_default=text("''")),
    # The words of the name, in small letters, a line each, with a line break before and behind.
    Column("words", Text, nullable=False),
    # renderTaskName of the metaset render_input, so that tasks are found by it.
    Column("task_name", Text),
    sqlite_autoincrement=True,
)
Index("ix_cinnamon_objects_state", objects.c.repository_id, objects.c.state_id, objects.c.type_id, objects.c.task_name)
Index("ix_cinnamon_objects_parent_id", objects.c.parent_id)
Index("ix_cinnamon_objects_root_id", objects.c.root_id)
Index("ix_cinnamon_objects_predecessor_id", objects.c.predecessor_id)

metasets = Table(
    "cinnamon_metasets",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("type_id", Integer, ForeignKey("cinnamon_terms.id"), nullable=False),
    # What stands inside the element, as XML.
    Column("content", Text, nullable=False),
    sqlite_autoincrement=True,
)

# Which object or folder has which metaset: one of each type; one metaset may be several's.
holders = Table(
    "cinnamon_holders",
    metadata,
    Column("kind", String(6), primary_key=True),
    Column("holder_id", Integer, primary_key=True),
    Column("type_id", Integer, ForeignKey("cinnamon_terms.id"), primary_key=True),
    Column("metaset_id", Integer, ForeignKey("cinnamon_metasets.id"), nullable=False, index=True),
    sqlite_with_rowid=False,
)

relations = Table(
    "cinnamon_relations",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("type_id", Integer, ForeignKey("cinnamon_terms.id"), nullable=False),
    Column("left_id", Integer, ForeignKey("cinnamon_objects.id", ondelete="CASCADE"), nullable=False),
    Column("right_id", Integer, ForeignKey("cinnamon_objects.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("metadata", Text, nullable=False, server_default=text("''")),
    sqlite_autoincrement=True,
)
Index("ix_cinnamon_relations_ends", relations.c.left_id, relations.c.right_id, relations.c.type_id, unique=True)

sessions = Table(
    "cinnamon_sessions",
    metadata,
    # SHA-256 of the ticket, which itself is kept nowhere.
    Column("ticket", LargeBinary(32), primary_key=True),
    Column("repository_id", Integer, ForeignKey("cinnamon_repositories.id", ondelete="CASCADE"), nullable=False),
    Column("user_id", Integer, nullable=False),
    Column("machine", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("expires", Float, nullable=False, index=True),
    Column("lifetime", Float, nullable=False),
    # The render task whose program holds this ticket, and with it the RenderServer's lock.
    Column("task_id", Integer, index=True),
    sqlite_with_rowid=False,
)

# Render tasks that the farm's own RenderServer has begun and not ended.
renders = Table(
    "cinnamon_renders",
    metadata,
    Column("object_id", Integer, ForeignKey("cinnamon_objects.id", ondelete="CASCADE"), primary_key=True),
    Column("repository_id", Integer, ForeignKey("cinnamon_repositories.id", ondelete="CASCADE"), nullable=False),
    Column("owner_id", Integer, nullable=False),
    Column("task_name", Text, nullable=False),
    # None until the job is made.
    Column("job_id", Integer, index=True),
    # Up to which event of the job messages have been written, and how many outputs have been attached.
    Column("told", Integer, nullable=False, server_default=text("0")),
    Column("attached", Integer, nullable=False, server_default=text("0")),
    sqlite_with_rowid=False,
)
