"""Run by `test_mutants.py` in a process of its own, kernels in plain Python.

For each mutant: its module's source with one thing made wrong is loaded, a small world is run
through the engine, and what then differs from the oracle is written out as JSON.
"""

import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from importlib import import_module
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType

if __name__ == "__main__":
    sys.path.append(str(Path(__file__).parents[2]))

from tests.models import strategies
from tests.models.strategies import DAY, DOLLARS, HOUR, START, TICK, Neighbourhood
from tests.oracle.movements import Transaction, World

ENGINE = ("models", "detectors")
HOOD = Neighbourhood("000-", DOLLARS)
FIRST, SECOND = HOOD.accounts[:2]
"""Two accounts of one holder."""

ALONE = HOOD.accounts[4]
LIMIT = DOLLARS.threshold
NEAR = LIMIT * 9 // 10
LOWERED_CAP = 12

Rows = Sequence[Transaction]
Batches = Sequence[Rows]


@dataclass(frozen=True, slots=True)
class Change:
    """A text that occurs once in a module, and what takes its place."""

    module: str
    old: str
    new: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """One thing made wrong, and the batches of a world in which it shows."""

    change: Change
    batches: Callable[[], Batches]
    hub_cap: int = 1_000


def week_old() -> Batches:
    return [
        strategies.numbered([strategies.cash_in(FIRST, START + d * DAY, NEAR) for d in (0, 1, 7)])
    ]


def tied() -> Batches:
    """The third deposit has the second's time and a smaller sequence, and comes after it."""
    at = [START, START + DAY, START + DAY]
    rows = strategies.numbered([strategies.cash_in(FIRST, when, NEAR) for when in at])
    return [[rows[0]], [replace(rows[1], source_sequence=2)], [replace(rows[2], source_sequence=1)]]


def late() -> Batches:
    """The second of four deposits comes last, and makes the third one too many."""
    days = (0, 1, 2, 3)
    rows = strategies.numbered([strategies.cash_in(FIRST, START + d * DAY, NEAR) for d in days])
    return [[rows[0], *rows[2:]], [rows[1]]]


def just_enough() -> Batches:
    """Two deposits of one day, as few as can be too many."""
    return [
        strategies.numbered([strategies.cash_in(FIRST, START + h * HOUR, NEAR) for h in (1, 2)])
    ]


def drained_in_two() -> Batches:
    """The first debit takes a tenth of a credit; the next ones, on two days, all that is left."""
    paid_in = [
        strategies.transfer(HOOD.payer(i), ALONE, START + i * HOUR, HOOD.usd(100)) for i in range(5)
    ]
    outs = [
        strategies.transfer(ALONE, HOOD.receivers[1], START + hours * HOUR, HOOD.usd(part))
        for hours, part in ((5, 10), (10, 290), (29, 200))
    ]
    return [strategies.numbered([*paid_in, *outs])]


def paid_twice() -> Batches:
    """Eleven payments of one price by ten payers, each counted once in what the finding says."""
    rows = [
        replace(
            strategies.transfer(HOOD.payer(i % 10), ALONE, START + i * HOUR, HOOD.usd(150)),
            orig_region=strategies.REGIONS[i % 4],
        )
        for i in range(11)
    ]
    out = strategies.cash_out(ALONE, START + DAY, HOOD.usd(1_650))
    return [strategies.numbered([*rows, out])]


def named() -> Batches:
    """As above; the second payer writes what it is for, the third names something else."""
    rows = list(paid_twice()[0])
    rows[1] = replace(rows[1], remittance_text="ຄ່າເຮືອ")
    rows[2] = replace(rows[2], remittance_text="ransom")
    return [rows]


def priced_at_the_edge() -> Batches:
    """Ten payers of three prices, of which one is exactly five per cent above another."""
    prices = (100, 100, 100, 100, 105, 105, 105, 200, 200, 200)
    rows = [
        replace(
            strategies.transfer(HOOD.payer(i), ALONE, START + i * HOUR, HOOD.usd(price)),
            orig_region=strategies.REGIONS[i % 4],
        )
        for i, price in enumerate(prices)
    ]
    out = strategies.cash_out(ALONE, START + DAY, HOOD.usd(sum(prices)))
    return [strategies.numbered([*rows, out])]


def busy() -> Batches:
    """More card payments than the lowered cap, then a drained account."""
    spent = [strategies.card(ALONE, START + i * HOUR, HOOD.usd(1)) for i in range(9)]
    credits, outs = list(drained_in_two()[0][:5]), list(drained_in_two()[0][5:])
    moved = [replace(t, event_time=t.event_time + DAY) for t in (*credits, *outs)]
    return [strategies.numbered([*spent, *moved])]


def sent_back() -> Batches:
    """The second of three deposits is returned before the third."""
    rows = strategies.numbered(
        [strategies.cash_in(FIRST, START + d * DAY, NEAR) for d in (0, 1, 2)]
    )
    back = replace(
        strategies.cash_out(FIRST, START + DAY + HOUR, NEAR),
        reference="RT-FICT-1",
        reversal_of=rows[1].reference,
    )
    return [[*rows, back]]


def beside() -> Batches:
    """One account of the holder is drained; the other has money of its own."""
    drained = [
        replace(t, benef_account_id=FIRST) if t.benef_account_id == ALONE else t
        for t in drained_in_two()[0]
    ]
    drained = [
        replace(t, orig_account_id=FIRST) if t.orig_account_id == ALONE else t for t in drained
    ]
    other = strategies.transfer(HOOD.payer(9), SECOND, START + TICK, HOOD.usd(5_000))
    return [strategies.numbered([*drained, other])]


def once_above() -> Batches:
    """One sum above the limit months before three below it."""
    above = strategies.cash_in(FIRST, START - 100 * DAY, LIMIT)
    below = [strategies.cash_in(FIRST, START + d * DAY, NEAR) for d in (0, 1, 2)]
    return [strategies.numbered([above, *below])]


CIRCLES = "models.kernels.circles"
GIFTS = "models.kernels.gifts"
SELLING = "models.kernels.selling"
CLASSIFY = "models.kernels.classify"
HANDOVERS = "models.kernels.handovers"
TAKING = "models.kernels.taking"
SLICES, ARENA = "models.kernels.slices", "models.kernels.arena"
AGGREGATES, ARMING = "models.kernels.aggregates", "models.kernels.arming"


def saved() -> Batches:
    """Five savers pay one sum, and are paid it one a week; two of them once on one day."""
    share, first = HOOD.usd(50), START + 150 * DAY
    rows = [strategies.transfer(HOOD.payer(9), ALONE, START, share * 3)]
    for i in range(5):
        rows.append(strategies.transfer(HOOD.payer(40 + i), ALONE, first + i * HOUR, share))
        paid = first + (7 + 7 * max(i, 1)) * DAY + i * HOUR
        rows.append(strategies.transfer(ALONE, HOOD.payer(40 + i), paid, share))
    return [strategies.numbered(rows)]


def feasted() -> Batches:
    """Eleven gifts from five towns, most of them drawn in a border zone."""
    first = START + 150 * DAY
    rows = [strategies.transfer(HOOD.payer(9), ALONE, START, HOOD.usd(1))]
    for i in range(11):
        gift = strategies.transfer(HOOD.payer(10 + i), ALONE, first + i * HOUR, HOOD.usd(50))
        rows.append(replace(gift, orig_region=strategies.REGIONS[i % 5]))
    drawn = strategies.cash_out(ALONE, first + 20 * HOUR, HOOD.usd(500))
    rows.append(replace(drawn, place_id="P-ZONE"))
    return [strategies.numbered(rows)]


def sold() -> Batches:
    """Buyers of four weeks by day from five towns, with goods and couriers; drawn each evening."""
    first = START + 150 * DAY + 10 * HOUR
    rows = [strategies.transfer(HOOD.payer(9), ALONE, START, HOOD.usd(1))]
    for i in range(24):
        when = first + i * 30 * HOUR
        by_day = when.replace(hour=10)
        paid = strategies.transfer(HOOD.payer(10 + i), ALONE, by_day, HOOD.usd(50))
        rows.append(replace(paid, orig_region=strategies.REGIONS[i % 5]))
        cost = strategies.card(ALONE, by_day + HOUR, HOOD.usd(11))
        rows.append(replace(cost, mcc="4215" if i % 2 else "5131"))
        rows.append(strategies.cash_out(ALONE, by_day + 2 * HOUR, HOOD.usd(37)))
    return [strategies.numbered(rows)]


def entrusted() -> Batches:
    """Five deposits of the least fee, each handed on to one payee after five days."""
    fee, rows = HOOD.usd(50), []
    for i in range(5):
        came = START + i * DAY
        rows.append(strategies.transfer(HOOD.payer(60 + i), ALONE, came, fee))
        rows.append(strategies.transfer(ALONE, HOOD.receivers[1], came + 5 * DAY, fee * 97 // 100))
    return [strategies.numbered(rows)]


def used_by_another() -> Batches:
    """Six strangers pay a child, another's device passes it on, and a seventh pays after that."""
    # The child of this neighbourhood comes of age with the year of START.
    child, first = HOOD.id("A", "CHILD"), START - 9 * DAY
    paid = [
        strategies.transfer(HOOD.payer(i), child, first + i * HOUR, HOOD.usd(60)) for i in range(7)
    ]
    moved = strategies.transfer(child, HOOD.receivers[1], first + 11 * HOUR / 2, HOOD.usd(300))
    return [strategies.numbered([*paid, replace(moved, device_hash="D-FICT-9")])]


def taken_twice_a_day() -> Batches:
    """Seven days on which a credit is taken in two halves."""
    rows = []
    for i in range(7):
        came = START + i * DAY
        rows.append(strategies.transfer(HOOD.payer(i), ALONE, came, HOOD.usd(100)))
        for hours in (1, 24):
            taken = strategies.transfer(ALONE, HOOD.receivers[1], came + hours * HOUR, HOOD.usd(50))
            rows.append(taken)
    return [strategies.numbered(rows)]


MUTANTS: dict[str, Mutant] = {
    "one sum above the limit": Mutant(
        change=Change(
            "detectors.typologies.st_structuring",
            "(over_past <= p.most_over)",
            "(over_past < p.most_over)",
        ),
        batches=once_above,
    ),
    "what is left of a credit": Mutant(
        change=Change(TAKING, "left[j] -= piece", "left[j] = 0"), batches=taken_twice_a_day
    ),
    "taken within a day": Mutant(
        change=Change(
            TAKING,
            "columns.time[chosen[i]] - TAKEN_WITHIN:",
            "columns.time[chosen[i]] - TAKEN_WITHIN + 1:",
        ),
        batches=taken_twice_a_day,
    ),
    "moved on afterwards": Mutant(
        change=Change(HANDOVERS, "if is_after and not after:", "if is_after:"),
        batches=used_by_another,
    ),
    "moved on before": Mutant(
        change=Change(HANDOVERS, "(not before and others[first] < slot)", "False"),
        batches=used_by_another,
    ),
    "another bank's account": Mutant(
        change=Change(CLASSIFY, "and _at(known.is_listed, account, 0) == 0:", ":"),
        batches=drained_in_two,
    ),
    "least fee": Mutant(
        change=Change(HANDOVERS, "columns.amount[credit] < low", "columns.amount[credit] <= low"),
        batches=entrusted,
    ),
    "window edge": Mutant(
        change=Change(
            SLICES,
            "return columns.time[slot] > columns.time[at] - window",
            "return columns.time[slot] >= columns.time[at] - window",
        ),
        batches=week_old,
    ),
    "tie order": Mutant(
        change=Change(ARENA, "return sequence_a < sequence_b", "return sequence_a > sequence_b"),
        batches=tied,
    ),
    "late insert": Mutant(
        change=Change(
            ARENA,
            "touched[h] = min(touched[h], write)",
            "touched[h] = min(touched[h], length)",
        ),
        batches=late,
    ),
    "arming count": Mutant(
        change=Change(
            ARMING,
            "if tallied.arm[k] >= arms.least[i]:",
            "if tallied.arm[k] > arms.least[i]:",
        ),
        batches=just_enough,
    ),
    "FIFO match": Mutant(
        change=Change(AGGREGATES, "left[head] -= piece", "left[head] = 0"),
        batches=drained_in_two,
    ),
    "distinct count": Mutant(
        change=Change(AGGREGATES, "if name >= 0 and seen[name] != stamp:", "if name >= 0:"),
        batches=paid_twice,
    ),
    "keyword lift": Mutant(
        change=Change("detectors.catalogue", "KEYWORD_SHARE = 0.1", "KEYWORD_SHARE = 0.2"),
        batches=named,
    ),
    "named concept": Mutant(
        change=Change(CLASSIFY, "if rows.concepts[r] & known.concepts[i] != 0:", "if True:"),
        batches=named,
    ),
    "hub cap": Mutant(
        change=Change(SLICES, "if n == HUB_MOVEMENTS and", "if n == HUB_MOVEMENTS + 1 and"),
        batches=busy,
        hub_cap=LOWERED_CAP,
    ),
    "return": Mutant(
        change=Change(SLICES, "counted[k] = 0", "counted[k] = 1"),
        batches=sent_back,
    ),
    "leak between accounts": Mutant(
        change=Change(
            SLICES, "if account >= 0 and columns.account[slot] != account:", "if account < -1:"
        ),
        batches=beside,
    ),
    "price band edge": Mutant(
        change=Change(
            AGGREGATES,
            "<= 105 * amounts[first + i]",
            "< 105 * amounts[first + i]",
        ),
        batches=priced_at_the_edge,
    ),
    "savers paid on one day": Mutant(
        change=Change(CIRCLES, "columns.day[one] == columns.day[other] and", "False and"),
        batches=saved,
    ),
    "gifts drawn at the border": Mutant(
        change=Change(GIFTS, "if is_sent or is_drawn_away:", "if is_sent:"),
        batches=feasted,
    ),
    "a seller's weeks": Mutant(
        change=Change(SELLING, "LEAST_SPAN_DAYS = 28", "LEAST_SPAN_DAYS = 14"),
        batches=sold,
    ),
}

LOWER_THE_CAP = Change(SLICES, "HUB_MOVEMENTS = 1_000", f"HUB_MOVEMENTS = {LOWERED_CAP}")
"""A thousand movements take too long in plain Python."""

ROUNDING = Change(
    "ingest.rates",
    "_EXACT = Context(prec=80, rounding=ROUND_HALF_EVEN)",
    '_EXACT = Context(prec=80, rounding="ROUND_HALF_UP")',
)


def main() -> None:
    """Mismatches by mutant, and under "" those of the untouched source."""
    report = {"": [*_untouched(), *_roundings_differ()]}
    for name, mutant in MUTANTS.items():
        report[name] = _mismatches(mutant, [*_setup(mutant), mutant.change])
    with Mutated([ROUNDING]):
        report["rounding"] = _roundings_differ()
    sys.stdout.write(json.dumps(report))


class Mutated(MetaPathFinder):
    """While it is entered, the engine is loaded from changed sources."""

    def __init__(self, changes: Sequence[Change]) -> None:
        self._changes = changes

    def __enter__(self) -> None:
        _unload(*ENGINE, "ingest.rates", "tests.models.standing")
        sys.meta_path.insert(0, self)

    def __exit__(self, *_: object) -> None:
        sys.meta_path.remove(self)
        _unload(*ENGINE, "ingest.rates", "tests.models.standing")

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        changes = [change for change in self._changes if change.module == fullname]
        spec = PathFinder.find_spec(fullname, path, target) if changes else None
        if spec is not None and spec.origin is not None:
            spec.loader = _ChangedSource(fullname, spec.origin, changes)
        return spec


class _ChangedSource(SourceFileLoader):
    def __init__(self, fullname: str, path: str, changes: Sequence[Change]) -> None:
        super().__init__(fullname, path)
        self._changes = changes

    def get_code(self, fullname: str) -> CodeType:
        text = Path(self.path).read_text("utf-8")
        for change in self._changes:
            assert text.count(change.old) == 1, f"{change} occurs {text.count(change.old)} times"
            text = text.replace(change.old, change.new)
        return compile(text, self.path, "exec", dont_inherit=True)


def _unload(*names: str) -> None:
    for loaded in list(sys.modules):
        if any(loaded == name or loaded.startswith(f"{name}.") for name in names):
            del sys.modules[loaded]


def _untouched() -> list[str]:
    return [
        f"{name}: {text}"
        for name, mutant in MUTANTS.items()
        for text in _mismatches(mutant, _setup(mutant))
    ]


def _setup(mutant: Mutant) -> list[Change]:
    return [LOWER_THE_CAP] if mutant.hub_cap == LOWERED_CAP else []


def _mismatches(mutant: Mutant, changes: Sequence[Change]) -> list[str]:
    batches = mutant.batches()
    world = _world([row for rows in batches for row in rows], mutant.hub_cap)
    with Mutated(changes):
        standing = import_module("tests.models.standing")
        stands = standing.standing(world)
        for i, rows in enumerate(batches):
            seen = [row for earlier in batches[: i + 1] for row in earlier]
            stands.take(standing.batch(rows, seen=seen))
        differences: list[str] = standing.mismatches(world, stands)
    return differences


def _world(rows: Rows, hub_cap: int) -> World:
    plain = strategies.large_world(0, rows=1)
    return replace(plain, transactions=tuple(rows), hub_cap=hub_cap)


def _roundings_differ() -> list[str]:
    """Conversions of amounts that lie between two minor units, against exact arithmetic."""
    rates = import_module("ingest.rates")
    rate = Decimal("0.5")
    dated = rates.Rates(base_currency="USD", by_currency={"EUR": [rates.Rate(on=None, rate=rate)]})
    amounts = [Decimal(cents) / 100 for cents in range(1, 12)]
    expected = {a: round(Fraction(a) * Fraction(rate) * 100) for a in amounts}
    converted = {a: dated.to_base(a, "EUR", date(2025, 1, 1))[0] for a in amounts}
    return [
        f"{a} is {converted[a]}, not {expected[a]}" for a in amounts if converted[a] != expected[a]
    ]


if __name__ == "__main__":
    main()
