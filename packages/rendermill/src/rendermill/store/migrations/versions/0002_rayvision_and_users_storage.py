"""The Rayvision door, and the users' storage."""

import secrets

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply it."""
    op.create_table(
        "files",
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("area", sa.String(length=8), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("modified", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("owner", "area", "path", name=op.f("pk_files")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "rayvision_environments",
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("cg_id", sa.Integer(), nullable=False),
        sa.Column("is_default", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("settings", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("owner", "name", name=op.f("pk_rayvision_environments")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "rayvision_labels",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rayvision_labels")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_rayvision_labels_owner", "rayvision_labels", ["owner", "name"], unique=True)
    op.create_table(
        "rayvision_projects",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("created", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rayvision_projects")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_rayvision_projects_owner", "rayvision_projects", ["owner", "name"], unique=True)
    op.create_table(
        "rayvision_records",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("time", sa.Float(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rayvision_records")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_rayvision_records_owner", "rayvision_records", ["owner", "kind", "id"], unique=False)
    op.create_table(
        "rayvision_signatures",
        sa.Column("signature", sa.String(length=64), nullable=False),
        sa.Column("expires", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("signature", name=op.f("pk_rayvision_signatures")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_rayvision_signatures_expires"), "rayvision_signatures", ["expires"], unique=False)
    op.create_table(
        "rayvision_tasks",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("parent", sa.Integer(), nullable=True),
        sa.Column("job_id", sa.Integer(), nullable=True),
        sa.Column("steps", sa.JSON(), nullable=False),
        sa.Column("layer", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("scene", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("cg_id", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("frames", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("reserved", sa.Float(), nullable=False),
        sa.Column("submitted", sa.Float(), nullable=True),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("labels", sa.JSON(), nullable=False),
        sa.Column("artist", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("producer", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("clone_of", sa.Integer(), nullable=True),
        sa.Column("project_id", sa.Integer(), nullable=True),
        sa.Column("abandoned", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("deleted", sa.Float(), nullable=True),
        sa.Column("shown", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["jobs.id"], name=op.f("fk_rayvision_tasks_job_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["parent"], ["rayvision_tasks.id"], name=op.f("fk_rayvision_tasks_parent"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rayvision_tasks")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_rayvision_tasks_job_id", "rayvision_tasks", ["job_id"], unique=False)
    shown = sa.text("parent IS NULL AND submitted IS NOT NULL AND deleted IS NULL")
    op.create_index(
        "ix_rayvision_tasks_shown",
        "rayvision_tasks",
        ["owner", "id"],
        unique=False,
        sqlite_where=shown,
        postgresql_where=shown,
    )
    op.create_index("ix_rayvision_tasks_parent", "rayvision_tasks", ["parent"], unique=False)
    op.add_column("jobs", sa.Column("reference", sa.Text(), nullable=True))
    op.add_column("jobs", sa.Column("cause", sa.String(length=16), server_default=sa.text("''"), nullable=False))
    op.add_column("jobs", sa.Column("running_since", sa.Float(), nullable=True))
    op.add_column("jobs", sa.Column("worked", sa.Float(), server_default=sa.text("0"), nullable=False))
    op.add_column("jobs", sa.Column("job_timeout", sa.Float(), nullable=True))
    op.add_column("jobs", sa.Column("limit", sa.Integer(), nullable=True))
    op.add_column("jobs", sa.Column("hold", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("jobs", sa.Column("hardware", sa.JSON(), server_default=sa.text("'[]'"), nullable=False))
    op.add_column("jobs", sa.Column("info", sa.JSON(), server_default=sa.text("'{}'"), nullable=False))
    op.add_column("jobs", sa.Column("folder", sa.Text(), nullable=True))
    op.create_index("ix_outputs_step_id_idx", "outputs", ["step_id", "idx"], unique=False)
    op.create_index("ix_jobs_folder", "jobs", ["owner", "folder"], unique=False)
    op.create_index("ix_jobs_reference", "jobs", ["reference"], unique=True)
    op.add_column("steps", sa.Column("turn", sa.Integer(), server_default=sa.text("0"), nullable=False))
    op.add_column("users", sa.Column("id", sa.Integer(), server_default=sa.text("0"), nullable=False))
    op.add_column("users", sa.Column("main", sa.Text(), nullable=True))
    op.add_column("users", sa.Column("shares_storage", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("users", sa.Column("quota", sa.BigInteger(), nullable=True))
    op.add_column("users", sa.Column("settings", sa.JSON(), server_default=sa.text("'{}'"), nullable=False))
    _number_users()
    op.create_index("ix_users_id", "users", ["id"], unique=True)
    op.create_index("ix_users_main", "users", ["main"], unique=False)


def _number_users() -> None:
    connection = op.get_bind()
    users = sa.table("users", sa.column("name"), sa.column("id"))
    taken: set[int] = set()
    for name in list(connection.scalars(sa.select(users.c.name))):
        while (number := 10_000_000 + secrets.randbelow(90_000_000)) in taken:
            pass
        taken.add(number)
        connection.execute(users.update().where(users.c.name == name).values(id=number))
