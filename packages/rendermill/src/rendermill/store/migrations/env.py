"""Alembic's entry: the connection comes from :func:`rendermill.store.database.migrate`."""

from alembic import context

from rendermill.store.cinnamon import schema as _cinnamon  # noqa: F401 - its tables join the others
from rendermill.store.rayvision import schema as _rayvision  # noqa: F401
from rendermill.store.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=False,
)
context.run_migrations()
