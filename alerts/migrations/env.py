"""How Alembic reaches the store: by the connection the store gives it, never by a URL."""

from alembic import context

from alerts.tables import METADATA

context.configure(connection=context.config.attributes["connection"], target_metadata=METADATA)
with context.begin_transaction():
    context.run_migrations()
