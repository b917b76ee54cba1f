"""The tables, as SQLAlchemy Core. Migrations make them; a test holds both equal."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    false,
    text,
)

from rendermill.farm.model.status import AttemptStatus, JobStatus, TaskStatus

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    }
)


def _one_of(column: str, values: type[TaskStatus] | type[JobStatus] | type[AttemptStatus]) -> CheckConstraint:
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=column)


jobs = Table(
    "jobs",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", Text, nullable=False),
    Column("owner", Text, nullable=False, index=True),
    Column("status", String(16), nullable=False, index=True),
    Column("priority", Integer, nullable=False),
    Column("created", Float, nullable=False),
    Column("started", Float),
    Column("finished", Float),
    Column("message", Text, nullable=False, default=""),
    Column("max_attempts", Integer, nullable=False),
    Column("task_timeout", Float),
    Column("warnings", JSON, nullable=False),
    Column("template", JSON, nullable=False),
    Column("parameters", JSON, nullable=False),
    Column("inputs", JSON, nullable=False),
    # The first submission with a reference makes the job, later ones find it.
    Column("reference", Text),
    Column("folder", Text),
    Column("cause", String(16), nullable=False, server_default=text("''")),
    Column("running_since", Float),
    # Seconds that it was running before that.
    Column("worked", Float, nullable=False, server_default=text("0")),
    Column("job_timeout", Float),
    Column("limit", Integer),
    Column("hold", Boolean, nullable=False, server_default=false()),
    Column("hardware", JSON, nullable=False, server_default=text("'[]'")),
    Column("info", JSON, nullable=False, server_default=text("'{}'")),
    _one_of("status", JobStatus),
    sqlite_autoincrement=True,
)
Index("ix_jobs_reference", jobs.c.reference, unique=True)
Index("ix_jobs_folder", jobs.c.owner, jobs.c.folder)

steps = Table(
    "steps",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("job_id", Integer, ForeignKey("jobs.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("name", Text, nullable=False),
    Column("position", Integer, nullable=False),
    Column("depends", JSON, nullable=False),
    Column("turn", Integer, nullable=False, server_default=text("0")),
    # One counter a status, moved in the statement that moves the tasks.
    *(Column(f"n_{status}", Integer, nullable=False, default=0) for status in TaskStatus),
    sqlite_autoincrement=True,
)

tasks = Table(
    "tasks",
    metadata,
    Column("step_id", Integer, ForeignKey("steps.id", ondelete="CASCADE"), primary_key=True),
    Column("idx", Integer, primary_key=True),
    Column("status", String(16), nullable=False),
    Column("attempt", Integer, nullable=False, default=0),
    Column("failures", Integer, nullable=False, default=0),
    Column("message", Text, nullable=False, default=""),
    _one_of("status", TaskStatus),
    sqlite_with_rowid=False,
)
Index("ix_tasks_step_id_status", tasks.c.step_id, tasks.c.status)

attempts = Table(
    "attempts",
    metadata,
    Column("step_id", Integer, primary_key=True),
    Column("idx", Integer, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("job_id", Integer, ForeignKey("jobs.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("status", String(16), nullable=False),
    Column("session", Text, nullable=False),
    Column("worker", Text, nullable=False),
    Column("lease", Float, nullable=False),
    Column("started", Float, nullable=False),
    Column("finished", Float),
    Column("message", Text, nullable=False, default=""),
    _one_of("status", AttemptStatus),
    sqlite_with_rowid=False,
)
# Only the handful of live attempts is in this index: leases and recovery look there.
Index(
    "ix_attempts_live",
    attempts.c.session,
    sqlite_where=attempts.c.finished.is_(None),
    postgresql_where=attempts.c.finished.is_(None),
)

outputs = Table(
    "outputs",
    metadata,
    Column("job_id", Integer, ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True),
    Column("path", Text, primary_key=True),
    Column("step_id", Integer, nullable=False),
    Column("idx", Integer, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("hash", String(64), nullable=False),
    Column("size", Integer, nullable=False),
    sqlite_with_rowid=False,
)

Index("ix_outputs_step_id_idx", outputs.c.step_id, outputs.c.idx)

events = Table(
    "events",
    metadata,
    Column("seq", Integer, primary_key=True),
    Column("time", Float, nullable=False),
    Column("kind", String(8), nullable=False),
    Column("job_id", Integer, ForeignKey("jobs.id", ondelete="CASCADE"), nullable=False),
    Column("step_id", Integer),
    Column("idx", Integer),
    Column("attempt", Integer),
    Column("source", String(16), nullable=False),
    Column("target", String(16), nullable=False),
    Column("data", JSON, nullable=False),
    sqlite_autoincrement=True,
)
Index("ix_events_job_id_seq", events.c.job_id, events.c.seq)

users = Table(
    "users",
    metadata,
    Column("name", Text, primary_key=True),
    Column("password", Text, nullable=False),
    Column("superuser", Integer, nullable=False),
    Column("sudoer", Integer, nullable=False),
    Column("sudoable", Integer, nullable=False),
    Column("created", Float, nullable=False),
    # Numbers are never used twice: what a removed user has left keeps them.
    Column("id", Integer, nullable=False, server_default=text("0")),
    Column("main", Text),
    Column("shares_storage", Boolean, nullable=False, server_default=false()),
    Column("quota", BigInteger),
    Column("settings", JSON, nullable=False, server_default=text("'{}'")),
)
Index("ix_users_id", users.c.id, unique=True)
Index("ix_users_main", users.c.main)

keys = Table(
    "keys",
    metadata,
    Column("access_id", String(32), primary_key=True),
    Column("user", Text, ForeignKey("users.name", ondelete="CASCADE"), nullable=False, index=True),
    Column("secret", LargeBinary, nullable=False),
    Column("created", Float, nullable=False),
)

# Users' storage: names for blobs.
files = Table(
    "files",
    metadata,
    Column("owner", Text, primary_key=True),
    Column("area", String(8), primary_key=True),
    Column("path", Text, primary_key=True),
    Column("hash", String(64), nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("modified", Float, nullable=False),
    sqlite_with_rowid=False,
)
