"""`palermo trace`: from any account, where its money went, from the archive of a run."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from getpass import getuser
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import polars as pl
import structlog

from alerts.extraction import Asked, ExtractionLedger, LeftOut, extraction_ledger
from alerts.extraction_page import render_extraction
from alerts.extraction_shown import print_extraction
from alerts.progress import Progress
from alerts.store import Store
from alerts.trace import Line, Trace, accounts_to_follow, follow
from ingest.archive import ARCHIVED, SearchedRows, archive_in
from ingest.currency import minor_units
from ingest.intake import Intake
from ingest.lexicon import Lexicon
from ingest.mapping import FeedSettings
from ingest.rates import Rates
from ingest.reference import References
from ingest.reference_feed import read_references
from ingest.row_reader import RowReader
from palermo.earlier_run import earlier_run
from palermo.errors import CheckFailed, UsageError
from palermo.folder import ACCESS, ARCHIVE, DATABASE, append_whole, said_plainly, write_whole
from palermo.printing import console, print_json
from palermo.wiring import lenient

log = structlog.get_logger()

KEY = ("txn_hi", "txn_lo")
SPENT = ("CARD_PURCHASE", "FEE", "LOAN_REPAYMENT", "FX_EXCHANGE")
"""Types of debits that are an end in themselves."""
LINK = pl.coalesce(
    "uetr",
    pl.concat_str(
        "end_to_end_id", "orig_account_id", "benef_account_id", "amount", "currency", separator="|"
    ),
    pl.concat_str("txn_hi", "txn_lo", separator="|"),
)
"""What both banks' rows of one transfer share, so that its two sides are one."""
USE = (
    pl.when(pl.col("is_cash"))
    .then(pl.lit("cash"))
    .when(pl.col("txn_type").is_in(SPENT))
    .then(pl.lit("spent"))
    .otherwise(pl.lit("transfer"))
)
HUB_MOVEMENTS_A_DAY = 1_000 / 30
"""An account busier than this is a business of many: following money through it says nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceWish:
    """What a user asked `palermo trace` for. since, until: local days, both included."""

    subject: str
    since: date
    until: date
    hops: int
    case: str
    out: Path
    config: Path | None


class _Access(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the record of who looked and why."""

    at: datetime
    user: str
    verb: str
    subject: str
    case: str


def show_trace(wish: TraceWish, *, html: Path | None, as_json: bool, now: datetime) -> None:
    """The extraction ledger on the terminal, as JSON, or as a page in a file."""
    _demand_usable(wish)
    ledger = traced(wish)
    _record_access(wish, now)
    if html is not None:
        with said_plainly(html):
            write_whole(html, render_extraction(ledger).encode(), lambda stage: None)
        console().print(f"written: {html}")
    elif as_json:
        print_json(ledger)
    else:
        print_extraction(console(), ledger)


def traced(wish: TraceWish) -> ExtractionLedger:
    """The extraction ledger of the wish. Raises CheckFailed if nothing is known of the subject."""
    run = earlier_run(_progress(wish.out), wish.config)
    settings = run.configuration.settings.feed
    book = _Book(
        archive=archive_in(wish.out / ARCHIVE),
        settings=settings,
        references=read_references(settings, run.base),
        since=_midnight(wish.since, settings),
        until=_midnight(wish.until + timedelta(days=1), settings),
    )
    accounts = book.accounts_of(wish.subject)
    trace = _followed(book, accounts, wish.hops)
    if not trace.came and not trace.earlier:
        raise CheckFailed(
            f"{wish.out}: no account of {wish.subject} moved between {wish.since} and "
            f"{wish.until}; give a customer or an account of this run, or other days"
        )
    digits = minor_units()[settings.base_currency] or 0
    return extraction_ledger(
        trace,
        Asked(
            case=wish.case,
            subject=wish.subject,
            accounts=tuple(sorted(accounts)),
            first_day=wish.since,
            last_day=wish.until,
            time_zone=settings.time_zone,
            hops=wish.hops,
        ),
        currency=settings.base_currency,
        digits=digits,
        left_out=book.left_out(),
    )


class _Book:
    """Ledger lines of accounts, read from the archive when they are asked for."""

    def __init__(
        self,
        *,
        archive: SearchedRows,
        settings: FeedSettings,
        references: References,
        since: datetime,
        until: datetime,
    ) -> None:
        self._settings, self._references = settings, references
        in_time = pl.col("event_time").is_between(since, until, closed="left")
        self._rows = archive.scan().filter(in_time)
        self._most = max(1_000, round(HUB_MOVEMENTS_A_DAY * ((until - since) / timedelta(days=1))))
        self._without_rate = self._late = 0
        self._hubs: set[str] = set()

    def accounts_of(self, subject: str) -> set[str]:
        """The accounts of a customer, or the account of that id; without a register, those that
        moved."""
        held = {
            account
            for account, versions in self._references.accounts.items()
            if subject == account or any(version.holder == subject for version in versions)
        }
        if held:
            return held
        sides = [
            self._rows.filter(
                (pl.col(f"{side}_party_id") == subject) | (pl.col(f"{side}_account_id") == subject)
            )
            .select(account=pl.col(f"{side}_account_id"))
            .unique()
            for side in ("orig", "benef")
        ]
        found = pl.concat(sides).unique().drop_nulls().collect()
        return set(found["account"])

    @cached_property
    def _amended(self) -> pl.DataFrame:
        """Ids of which several contents were read."""
        return self._rows.filter(pl.col("fate") == "amendment").select(KEY).unique().collect()

    def lines(self, accounts: Collection[str], *, keep: Collection[str] = ()) -> list[Line]:
        """The movements of these accounts that count; those of hubs only where they are to be
        kept."""
        rows = self._rows_of(accounts)
        busy = _busy(rows, accounts, self._most) - set(keep)
        self._hubs |= busy
        wanted = set(accounts) - busy
        self._late += rows.filter(pl.col("fate") == "late").height
        counted = self._that_count(rows)
        self._without_rate += counted["amount_base"].null_count()
        return list(_lines(counted.drop_nulls("amount_base"), wanted, self._references))

    def left_out(self) -> LeftOut:
        return LeftOut(
            without_rate=self._without_rate, late=self._late, hubs=tuple(sorted(self._hubs))
        )

    def _rows_of(self, accounts: Collection[str]) -> pl.DataFrame:
        """All rows of the accounts, and every content of an id that was amended."""
        names = sorted(accounts)
        is_theirs = pl.col("orig_account_id").is_in(names) | pl.col("benef_account_id").is_in(names)
        own = self._rows.filter(is_theirs).collect()
        keys = own.select(KEY).join(self._amended, on=KEY, how="semi").unique()
        if keys.is_empty():
            return own
        versions = self._rows.join(keys.lazy(), on=KEY, how="semi").collect()
        return pl.concat([own, versions]).unique("row").sort("row")

    def _that_count(self, rows: pl.DataFrame) -> pl.DataFrame:
        """The transactions of these rows: amendments settled, returns and what they undo gone."""
        intake = Intake(
            RowReader(
                lenient(self._settings),
                self._references,
                Rates(base_currency=self._settings.base_currency),
                Lexicon({}),
            )
        )
        read = rows.filter(pl.col("fate") != "late").select(*ARCHIVED)
        added = intake.restore(read).added
        is_return = pl.col("reversal_of").is_not_null()
        undone = added.filter(is_return).select(
            txn_hi=pl.col("reversal_hi"), txn_lo=pl.col("reversal_lo")
        )
        return added.filter(~is_return).join(undone, on=KEY, how="anti")


def _followed(book: _Book, accounts: set[str], hops: int) -> Trace:
    """Hop by hop: only accounts that followed money reached are read."""
    lines = book.lines(accounts, keep=accounts)
    seen = set(accounts)
    while True:
        trace = follow(lines, first=accounts, hops=hops)
        reached = accounts_to_follow(trace, hops=hops) - seen
        if not reached:
            return trace
        seen |= reached
        lines += book.lines(reached)


def _busy(rows: pl.DataFrame, accounts: Collection[str], most: int) -> set[str]:
    sides = [rows.select(account=pl.col(f"{side}_account_id")) for side in ("orig", "benef")]
    counts = pl.concat(sides).filter(pl.col("account").is_in(sorted(accounts)))
    crowded = counts.group_by("account").len().filter(pl.col("len") > most)
    return set(crowded["account"])


def _lines(rows: pl.DataFrame, wanted: Collection[str], references: References) -> Iterator[Line]:
    """What each of the accounts that a row counts for sees of it."""
    for side, own, far in ((0, "orig", "benef"), (1, "benef", "orig")):
        is_theirs = pl.col(f"{own}_holds") & pl.col(f"{own}_account_id").is_in(sorted(wanted))
        seen = rows.filter(is_theirs).select(
            "event_time",
            "source_sequence",
            "txn_hi",
            "txn_lo",
            "amount_base",
            "reference",
            "source_id",
            "place_id",
            pl.col(f"{own}_account_id", f"{own}_party_id").name.replace(own, "own"),
            pl.col(f"{far}_account_id", f"{far}_party_id").name.replace(far, "other"),
            link=LINK,
            use=pl.lit(None, dtype=pl.String) if side else USE,
        )
        for row in seen.iter_rows(named=True):
            yield _line(row, side, references)


def _line(row: Mapping[str, Any], side: int, references: References) -> Line:
    at, account, other = row["event_time"], row["own_account_id"], row["other_account_id"]
    return Line(
        account=account,
        party=row["own_party_id"] or _holder(references, account, at) or account,
        order=(at, row["source_sequence"], row["txn_hi"], row["txn_lo"], side),
        is_in=bool(side),
        amount=row["amount_base"],
        link=row["link"],
        reference=row["reference"],
        source_id=row["source_id"],
        other_account=other,
        other_party=row["other_party_id"] or _holder(references, other, at) or other,
        use=row["use"],
        place=row["place_id"],
    )


def _holder(references: References, account: str | None, at: datetime) -> str | None:
    """Who held the account then; None where nobody is known."""
    versions = references.accounts.get(account or "", ())
    begun = [each for each in versions if each.valid_from is None or each.valid_from <= at]
    return begun[-1].holder if begun else None


def _midnight(day: date, settings: FeedSettings) -> datetime:
    return datetime.combine(day, time(), ZoneInfo(settings.time_zone)).astimezone(UTC)


def _progress(out: Path) -> Progress:
    with Store(out / DATABASE) as store, store.transaction() as transaction:
        progress = transaction.position()
    if progress is None:
        raise CheckFailed(f"{out}: the run has not reached its first checkpoint; let it go on")
    return progress


def _demand_usable(wish: TraceWish) -> None:
    if wish.until < wish.since:
        raise UsageError(f"--to {wish.until} lies before --from {wish.since}; give the later day")
    if not wish.case.strip():
        raise UsageError("--case: give the id of the case that is the reason; it is recorded")


def _record_access(wish: TraceWish, now: datetime) -> None:
    """Who looked at whose money and why, in the folder itself: a search without a case is none."""
    access = _Access(
        at=now, user=getuser(), verb="trace", subject=wish.subject, case=wish.case.strip()
    )
    with said_plainly(wish.out):
        append_whole(wish.out / ACCESS, msgspec.json.encode(access) + b"\n")
    log.info("traced", case=wish.case.strip(), hops=wish.hops)
