"""Alembic's entry: the connection comes from :func:`rendermill.store.database.migrate`."""

from alembic import context

from rendermill.store.rayvision import schema as rayvision

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=rayvision.rayvision_tasks.metadata,
    transactional_ddl=False,
)
context.run_migrations()
