"""Cinnamon repositories."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply it."""
    op.create_table(
        "cinnamon_repositories",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=27), nullable=False),
        sa.Column("profile", sa.String(length=16), nullable=False),
        sa.Column("categories", sa.JSON(), nullable=False),
        sa.Column("session_seconds", sa.Float(), nullable=False),
        sa.Column("serves", sa.JSON(), nullable=True),
        sa.Column("programs", sa.JSON(), nullable=False),
        sa.Column("revision", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cinnamon_repositories")),
        sa.UniqueConstraint("name", name=op.f("uq_cinnamon_repositories_name")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "cinnamon_lifecycles",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("repository_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("default_state_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["repository_id"],
            ["cinnamon_repositories.id"],
            name=op.f("fk_cinnamon_lifecycles_repository_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cinnamon_lifecycles")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_cinnamon_lifecycles_name", "cinnamon_lifecycles", ["repository_id", "name"], unique=True)
    op.create_table(
        "cinnamon_sessions",
        sa.Column("ticket", sa.LargeBinary(length=32), nullable=False),
        sa.Column("repository_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("machine", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("expires", sa.Float(), nullable=False),
        sa.Column("lifetime", sa.Float(), nullable=False),
        sa.Column("task_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["repository_id"],
            ["cinnamon_repositories.id"],
            name=op.f("fk_cinnamon_sessions_repository_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("ticket", name=op.f("pk_cinnamon_sessions")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_cinnamon_sessions_expires"), "cinnamon_sessions", ["expires"], unique=False)
    op.create_index(op.f("ix_cinnamon_sessions_task_id"), "cinnamon_sessions", ["task_id"], unique=False)
    op.create_table(
        "cinnamon_terms",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("repository_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("details", sa.JSON(), server_default=sa.text("'{}'"), nullable=False),
        sa.ForeignKeyConstraint(
            ["repository_id"],
            ["cinnamon_repositories.id"],
            name=op.f("fk_cinnamon_terms_repository_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cinnamon_terms")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_cinnamon_terms_name", "cinnamon_terms", ["repository_id", "kind", "name"], unique=True)
    op.create_table(
        "cinnamon_entries",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("acl_id", sa.Integer(), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.Column("permissions", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["acl_id"], ["cinnamon_terms.id"], name=op.f("fk_cinnamon_entries_acl_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["group_id"], ["cinnamon_terms.id"], name=op.f("fk_cinnamon_entries_group_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cinnamon_entries")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_cinnamon_entries_acl", "cinnamon_entries", ["acl_id", "group_id"], unique=True)
    op.create_table(
        "cinnamon_folders",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("repository_id", sa.Integer(), nullable=False),
        sa.Column("parent_id", sa.Integer(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.Column("acl_id", sa.Integer(), nullable=False),
        sa.Column("type_id", sa.Integer(), nullable=False),
        sa.Column("summary", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("free_meta", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.ForeignKeyConstraint(["acl_id"], ["cinnamon_terms.id"], name=op.f("fk_cinnamon_folders_acl_id")),
        sa.ForeignKeyConstraint(["parent_id"], ["cinnamon_folders.id"], name=op.f("fk_cinnamon_folders_parent_id")),
        sa.ForeignKeyConstraint(
            ["repository_id"],
            ["cinnamon_repositories.id"],
            name=op.f("fk_cinnamon_folders_repository_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["type_id"], ["cinnamon_terms.id"], name=op.f("fk_cinnamon_folders_type_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cinnamon_folders")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_cinnamon_folders_parent", "cinnamon_folders", ["repository_id", "parent_id", "name"], unique=True
    )
    op.create_index("ix_cinnamon_folders_parent_id", "cinnamon_folders", ["parent_id"], unique=False)
    op.create_table(
        "cinnamon_members",
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["group_id"], ["cinnamon_terms.id"], name=op.f("fk_cinnamon_members_group_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("group_id", "user_id", name=op.f("pk_cinnamon_members")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "cinnamon_metasets",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("type_id", sa.Integer(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["type_id"], ["cinnamon_terms.id"], name=op.f("fk_cinnamon_metasets_type_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cinnamon_metasets")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "cinnamon_states",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("lifecycle_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("state_class", sa.Text(), nullable=False),
        sa.Column("config", sa.Text(), nullable=False),
        sa.Column("copy_state_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["lifecycle_id"],
            ["cinnamon_lifecycles.id"],
            name=op.f("fk_cinnamon_states_lifecycle_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cinnamon_states")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_cinnamon_states_name", "cinnamon_states", ["lifecycle_id", "name"], unique=True)
    op.create_table(
        "cinnamon_holders",
        sa.Column("kind", sa.String(length=6), nullable=False),
        sa.Column("holder_id", sa.Integer(), nullable=False),
        sa.Column("type_id", sa.Integer(), nullable=False),
        sa.Column("metaset_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["metaset_id"], ["cinnamon_metasets.id"], name=op.f("fk_cinnamon_holders_metaset_id")),
        sa.ForeignKeyConstraint(["type_id"], ["cinnamon_terms.id"], name=op.f("fk_cinnamon_holders_type_id")),
        sa.PrimaryKeyConstraint("kind", "holder_id", "type_id", name=op.f("pk_cinnamon_holders")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_cinnamon_holders_metaset_id"), "cinnamon_holders", ["metaset_id"], unique=False)
    op.create_table(
        "cinnamon_objects",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("repository_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("created", sa.String(length=19), nullable=False),
        sa.Column("modified", sa.String(length=19), nullable=False),
        sa.Column("procstate", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("acl_id", sa.Integer(), nullable=False),
        sa.Column("appname", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("latest_head", sa.Boolean(), server_default=sa.text("1"), nullable=False),
        sa.Column("latest_branch", sa.Boolean(), server_default=sa.text("1"), nullable=False),
        sa.Column("content_changed", sa.Boolean(), server_default=sa.text("0"), nullable=False),
        sa.Column("metadata_changed", sa.Boolean(), server_default=sa.text("0"), nullable=False),
        sa.Column("locker_id", sa.Integer(), nullable=True),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.Column("creator_id", sa.Integer(), nullable=False),
        sa.Column("modifier_id", sa.Integer(), nullable=False),
        sa.Column("format_id", sa.Integer(), nullable=True),
        sa.Column("type_id", sa.Integer(), nullable=False),
        sa.Column("content", sa.String(length=64), nullable=True),
        sa.Column("content_size", sa.BigInteger(), nullable=True),
        sa.Column("content_sha256", sa.String(length=64), nullable=True),
        sa.Column("parent_id", sa.Integer(), nullable=False),
        sa.Column("predecessor_id", sa.Integer(), nullable=True),
        sa.Column("root_id", sa.Integer(), nullable=True),
        sa.Column("language_id", sa.Integer(), nullable=False),
        sa.Column("state_id", sa.Integer(), nullable=True),
        sa.Column("summary", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("free_meta", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("task_name", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["acl_id"], ["cinnamon_terms.id"], name=op.f("fk_cinnamon_objects_acl_id")),
        sa.ForeignKeyConstraint(["format_id"], ["cinnamon_terms.id"], name=op.f("fk_cinnamon_objects_format_id")),
        sa.ForeignKeyConstraint(["language_id"], ["cinnamon_terms.id"], name=op.f("fk_cinnamon_objects_language_id")),
        sa.ForeignKeyConstraint(["parent_id"], ["cinnamon_folders.id"], name=op.f("fk_cinnamon_objects_parent_id")),
        sa.ForeignKeyConstraint(
            ["repository_id"],
            ["cinnamon_repositories.id"],
            name=op.f("fk_cinnamon_objects_repository_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["type_id"], ["cinnamon_terms.id"], name=op.f("fk_cinnamon_objects_type_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cinnamon_objects")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_cinnamon_objects_parent_id", "cinnamon_objects", ["parent_id"], unique=False)
    op.create_index("ix_cinnamon_objects_predecessor_id", "cinnamon_objects", ["predecessor_id"], unique=False)
    op.create_index("ix_cinnamon_objects_root_id", "cinnamon_objects", ["root_id"], unique=False)
    op.create_index(
        "ix_cinnamon_objects_state",
        "cinnamon_objects",
        ["repository_id", "state_id", "type_id", "task_name"],
        unique=False,
    )
    op.create_table(
        "cinnamon_relations",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("type_id", sa.Integer(), nullable=False),
        sa.Column("left_id", sa.Integer(), nullable=False),
        sa.Column("right_id", sa.Integer(), nullable=False),
        sa.Column("metadata", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.ForeignKeyConstraint(
            ["left_id"], ["cinnamon_objects.id"], name=op.f("fk_cinnamon_relations_left_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["right_id"], ["cinnamon_objects.id"], name=op.f("fk_cinnamon_relations_right_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["type_id"], ["cinnamon_terms.id"], name=op.f("fk_cinnamon_relations_type_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cinnamon_relations")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_cinnamon_relations_ends", "cinnamon_relations", ["left_id", "right_id", "type_id"], unique=True)
    op.create_index(op.f("ix_cinnamon_relations_right_id"), "cinnamon_relations", ["right_id"], unique=False)
    op.create_table(
        "cinnamon_renders",
        sa.Column("object_id", sa.Integer(), nullable=False),
        sa.Column("repository_id", sa.Integer(), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.Column("task_name", sa.Text(), nullable=False),
        sa.Column("job_id", sa.Integer(), nullable=True),
        sa.Column("told", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("attached", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.ForeignKeyConstraint(
            ["object_id"], ["cinnamon_objects.id"], name=op.f("fk_cinnamon_renders_object_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["repository_id"],
            ["cinnamon_repositories.id"],
            name=op.f("fk_cinnamon_renders_repository_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("object_id", name=op.f("pk_cinnamon_renders")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_cinnamon_renders_job_id"), "cinnamon_renders", ["job_id"], unique=False)
