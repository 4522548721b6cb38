"""The tables of the store, as a new one gets them. A change here needs a migration, which older
stores go through; a test compares the two."""

import sqlalchemy as sa

METADATA = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

NEWEST = "0003"
"""The migration that makes these tables."""

VERSION = sa.Table(
    "alembic_version",
    sa.MetaData(naming_convention=METADATA.naming_convention),
    sa.Column("version_num", sa.String(32), primary_key=True),
)
"""One row: up to which migration the tables were brought; Alembic's own, so not among ours."""

META = sa.Table(
    "meta",
    METADATA,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
)
"""Release, configuration and bundle the folder was made with."""

PROGRESS = sa.Table(
    "progress",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("body", sa.LargeBinary, nullable=False),
)
"""One row: how far the feed was read, in the same commit as what came of it."""

FINDINGS = sa.Table(
    "findings",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("keyed_by", sa.Text, nullable=False),
    sa.Column("is_gathered", sa.Boolean, nullable=False),
    sa.Column("typology", sa.Text, nullable=False),
    sa.Column("subject_kind", sa.Text, nullable=False),
    sa.Column("subject_id", sa.Text, nullable=False),
    sa.Column("order_key", sa.LargeBinary, nullable=False),
    sa.Column("is_signal", sa.Boolean, nullable=False),
    sa.Column("is_cleared", sa.Boolean, nullable=False),
    sa.Column("cleared_by", sa.Text, nullable=False),
    sa.Column("strength", sa.Float, nullable=False),
    sa.Column("grounds", sa.Text, nullable=False),
    sa.Column("not_testable", sa.Text, nullable=False),
    sa.Column("body", sa.LargeBinary, nullable=False),
    sa.Column("model", sa.LargeBinary, nullable=True),
    sa.Column("legs", sa.LargeBinary, nullable=True),
    sa.Index("ix_findings_keyed_by", "is_gathered", "keyed_by", "order_key"),
    sa.Index(
        "ix_findings_subject", "subject_kind", "subject_id", "order_key", "typology", unique=True
    ),
)
"""Current findings, one a (typology, subject, trigger). `keyed_by` is what they are replaced by:
the holder, or for gathered ones the receiver. `grounds` is what the gate counts. `legs`: the
movements a network's finding cites; of others they stand in the ledger."""

SIGNAL_LINKS = sa.Table(
    "signal_links",
    METADATA,
    sa.Column("kind", sa.Text, primary_key=True),
    sa.Column("link_id", sa.Text, primary_key=True),
    sa.Column(
        "finding_id",
        sa.Integer,
        sa.ForeignKey("findings.id", ondelete="CASCADE"),
        primary_key=True,
    ),
    sa.Index("ix_signal_links_finding_id", "finding_id"),
    sqlite_with_rowid=False,
)

LEDGER = sa.Table(
    "ledger",
    METADATA,
    sa.Column("holder", sa.Text, primary_key=True),
    sa.Column("first_key", sa.LargeBinary, primary_key=True),
    sa.Column("last_key", sa.LargeBinary, nullable=False),
    sa.Column("body", sa.LargeBinary, nullable=False),
)
"""Movements that findings rest on, in pieces: those of one holder that were written together, in
total order from the first key to the last, column by column and compressed. Each is in one piece
only."""

LEDGER_REACH = sa.Table(
    "ledger_reach",
    METADATA,
    sa.Column("holder", sa.Text, primary_key=True),
    sa.Column("first_key", sa.LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)
"""From which key on a holder's movements are in the ledger without a gap, up to the last there."""

EPISODES = sa.Table(
    "episodes",
    METADATA,
    sa.Column("alert_id", sa.Text, primary_key=True),
    sa.Column("subject_kind", sa.Text, nullable=False),
    sa.Column("subject_id", sa.Text, nullable=False),
    sa.Column("first_time", sa.BigInteger, nullable=False),
    sa.Column("last_time", sa.BigInteger, nullable=False),
    sa.Index("ix_episodes_subject", "subject_kind", "subject_id", "last_time"),
)
"""Every fold of a subject's findings, also those that do not pass the gate."""

ALERTS = sa.Table(
    "alerts",
    METADATA,
    sa.Column("alert_id", sa.Text, primary_key=True),
    sa.Column("revision", sa.Integer, nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("superseded_by", sa.Text),
    sa.Column("origin", sa.Text, nullable=False),
    sa.Column("subject_kind", sa.Text, nullable=False),
    sa.Column("subject_id", sa.Text, nullable=False),
    sa.Column("first_time", sa.BigInteger, nullable=False),
    sa.Column("last_time", sa.BigInteger, nullable=False),
    sa.Column("raised_time", sa.BigInteger, nullable=False),
    sa.Column("is_held", sa.Boolean, nullable=False),
    sa.Column("body", sa.LargeBinary, nullable=False),
    sa.Index("ix_alerts_subject", "subject_kind", "subject_id", "last_time"),
    sa.Index("ix_alerts_raised_time", "raised_time"),
)
"""The newest revision of each alert. `body` is its content; status and origin stand beside it, so
that content alone decides whether it was amended. Times are those of its first and last trigger."""

ALERT_KEYS = sa.Table(
    "alert_keys",
    METADATA,
    sa.Column("case_key", sa.Text, primary_key=True),
    sa.Column(
        "alert_id",
        sa.Text,
        sa.ForeignKey("alerts.alert_id", ondelete="CASCADE"),
        primary_key=True,
    ),
    sa.Index("ix_alert_keys_alert_id", "alert_id"),
    sqlite_with_rowid=False,
)
"""What a current alert can share with another: transactions, parties, accounts, links."""

HISTORY = sa.Table(
    "alert_history",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("alert_id", sa.Text, nullable=False),
    sa.Column("revision", sa.Integer, nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("is_published", sa.Boolean, nullable=False),
    sa.Column("body", sa.LargeBinary, nullable=False),
    sa.Index("ix_alert_history_alert_id", "alert_id", "revision", unique=True),
    sa.Index("ix_alert_history_is_published", "is_published"),
)
"""Every revision as it was published, compressed; what is not yet published is the outbox."""

EVIDENCE = sa.Table(
    "evidence",
    METADATA,
    sa.Column("alert_id", sa.Text, primary_key=True),
    sa.Column("sha256", sa.Text, nullable=False),
    sa.Column("rows", sa.LargeBinary, nullable=False),
)
"""The rows an alert was derived from, frozen: compressed, with the hash of what is inside."""
