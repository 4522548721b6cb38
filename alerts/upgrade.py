"""Brings the tables of a store that was made by an earlier release to this one's."""

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

MIGRATIONS = Path(__file__).parent / "migrations"


def upgrade(connection: sa.Connection, revision: str = "head") -> None:
    """Runs the migrations up to a revision, what is in the tables included."""
    config = _scripts()
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def is_known(revision: str) -> bool:
    """Whether there is a way from this revision to the newest."""
    return revision in {each.revision for each in _directory().walk_revisions()}


def newest() -> str | None:
    return _directory().get_current_head()


def _directory() -> ScriptDirectory:
    return ScriptDirectory.from_config(_scripts())


def _scripts() -> Config:
    config = Config()
    # Alembic reads the value as a template in which % is special.
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    return config
