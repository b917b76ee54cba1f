"""The Rayvision door's tables."""

from __future__ import annotations

from sqlalchemy import JSON, Boolean, Column, Float, ForeignKey, Index, Integer, String, Table, Text, false, text

from rendermill.store.schema import metadata

# A task is reserved first and has a job once it is submitted; a child stands for some steps of its parent's job.
rayvision_tasks = Table(
    "rayvision_tasks",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("owner", Text, nullable=False),
    Column("parent", Integer, ForeignKey("rayvision_tasks.id", ondelete="CASCADE")),
    Column("job_id", Integer, ForeignKey("jobs.id", ondelete="CASCADE")),
    Column("steps", JSON, nullable=False),
    Column("layer", Text, nullable=False, server_default=text("''")),
    Column("scene", Text, nullable=False, server_default=text("''")),
    Column("cg_id", Integer, nullable=False, server_default=text("0")),
    Column("frames", Text, nullable=False, server_default=text("''")),
    Column("reserved", Float, nullable=False),
    Column("submitted", Float),
    Column("level", Integer, nullable=False),
    Column("labels", JSON, nullable=False),
    Column("artist", Text, nullable=False, server_default=text("''")),
    Column("producer", Text, nullable=False, server_default=text("''")),
    Column("clone_of", Integer),
    Column("project_id", Integer),
    Column("abandoned", Boolean, nullable=False, server_default=false()),
    Column("deleted", Float),
    # What task.json said that is only shown.
    Column("shown", JSON, nullable=False),
    sqlite_autoincrement=True,
)
_SHOWN = (
    rayvision_tasks.c.parent.is_(None) & rayvision_tasks.c.submitted.is_not(None) & rayvision_tasks.c.deleted.is_(None)
)
# What lists show, so that they are counted and paged without looking at the rows.
Index(
    "ix_rayvision_tasks_shown",
    rayvision_tasks.c.owner,
    rayvision_tasks.c.id,
    sqlite_where=_SHOWN,
    postgresql_where=_SHOWN,
)
Index("ix_rayvision_tasks_parent", rayvision_tasks.c.parent)
Index("ix_rayvision_tasks_job_id", rayvision_tasks.c.job_id)

projects = Table(
    "rayvision_projects",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("owner", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("status", Integer, nullable=False),
    Column("created", Float, nullable=False),
    sqlite_autoincrement=True,
)
Index("ix_rayvision_projects_owner", projects.c.owner, projects.c.name, unique=True)

labels = Table(
    "rayvision_labels",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("owner", Text, nullable=False),
    Column("name", Text, nullable=False),
    sqlite_autoincrement=True,
)
Index("ix_rayvision_labels_owner", labels.c.owner, labels.c.name, unique=True)

environments = Table(
    "rayvision_environments",
    metadata,
    Column("owner", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("cg_id", Integer, nullable=False),
    Column("is_default", Boolean, nullable=False, server_default=false()),
    Column("settings", JSON, nullable=False),
    sqlite_with_rowid=False,
)

# Who asked for what: both kinds of records that the API shows.
records = Table(
    "rayvision_records",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("owner", Text, nullable=False),
    Column("kind", String(8), nullable=False),
    Column("time", Float, nullable=False),
    Column("address", Text, nullable=False),
    Column("details", JSON, nullable=False),
    sqlite_autoincrement=True,
)
Index("ix_rayvision_records_owner", records.c.owner, records.c.kind, records.c.id)

# Signatures of calls that changed something, until they are too old to be used again.
signatures = Table(
    "rayvision_signatures",
    metadata,
    Column("signature", String(64), primary_key=True),
    Column("expires", Float, nullable=False, index=True),
    sqlite_with_rowid=False,
)
