"""The engine equals an independent oracle, however the rows arrive.

HYPOTHESIS_PROFILE=deep looks at twenty times as many worlds, new ones each time.
"""

import os
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from itertools import cycle, product

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from ingest.currency import minor_units
from ingest.feed import Message, RawBatch
from ingest.intake import Intake
from ingest.mapping import FeedSettings
from ingest.rates import Rates
from ingest.reference import Licence
from ingest.row_reader import RowReader
from tests.models import strategies
from tests.models.standing import LATENESS, LEXICON, Standing, batch, mismatches, standing
from tests.models.strategies import (
    DAY,
    HOUR,
    START,
    Neighbourhood,
    Scene,
    large_world,
    worlds,
)
from tests.oracle import oracle
from tests.oracle.movements import Ledger, Transaction, World

SENT_AS_THEY_ARE = (
    "txn_type",
    "status",
    "is_cash",
    "source_sequence",
    "local_utc_offset_min",
    "reversal_of",
    "orig_account_id",
    "orig_party_id",
    "orig_region",
    "benef_account_id",
    "benef_party_id",
    "benef_region",
    "conductor_party_id",
    "place_id",
    "location_region",
    "mcc",
    "merchant_id",
    "device_hash",
    "purpose_code",
    "remittance_text",
)
IS_DEEP = os.environ.get("HYPOTHESIS_PROFILE") == "deep"


def examples(count: int) -> settings:
    """So many small worlds, the same ones on every machine unless the search is deep."""
    return settings(
        max_examples=20 * count if IS_DEEP else count,
        derandomize=not IS_DEEP,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.explicit, Phase.generate),
    )


@dataclass(frozen=True, slots=True)
class Arrival:
    """What one batch brings: rows that count from now on, and contents that no longer do."""

    added: Sequence[Transaction]
    retracted: Sequence[Transaction] = ()


def seen(
    world: World,
    arrivals: Iterable[Arrival],
    *,
    is_always_armed: bool = False,
    only_what_fires: bool = False,
) -> Standing:
    """The engine after the arrivals, one batch each."""
    stands = standing(world, is_always_armed=is_always_armed, only_what_fires=only_what_fires)
    shown: list[Transaction] = []
    for arrival in arrivals:
        shown += arrival.added
        stands.take(batch(arrival.added, arrival.retracted, seen=shown))
    return stands


def whole(world: World) -> list[Arrival]:
    return [Arrival(world.transactions)]


def cut(rows: Sequence[Transaction], size: int) -> list[Arrival]:
    return [Arrival(rows[i : i + size]) for i in range(0, len(rows), size)]


def in_event_order(world: World) -> list[Transaction]:
    return sorted(world.transactions, key=lambda t: (t.event_time, t.reference))


def outcome(stands: Standing) -> tuple[object, ...]:
    """All that must not depend on how the rows arrived."""
    return stands.findings, stands.gathered(), ledger(stands)


def ledger(stands: Standing) -> list[dict[str, object]]:
    """The movements of the last half year, as long as profiles keep them."""
    holders = {m.holder for m in Ledger(stands.world).movements}
    since = max(t.event_time for t in stands.world.transactions) - 180 * DAY
    return stands.profiles.ledger(dict.fromkeys(holders, since)).to_dicts()


@given(worlds())
@examples(20)
def test_the_engine_equals_the_oracle(world: World) -> None:
    assert mismatches(world, seen(world, whole(world))) == []


@given(worlds())
@examples(6)
def test_every_movement_evaluated_without_arming_equals_the_oracle(world: World) -> None:
    assert mismatches(world, seen(world, whole(world), is_always_armed=True)) == []


@given(worlds())
@examples(8)
def test_arming_on_or_off_gives_equal_findings(world: World) -> None:
    armed = seen(world, whole(world))
    always = seen(world, whole(world), is_always_armed=True)

    assert outcome(armed) == outcome(always)


@given(worlds())
@examples(8)
def test_what_cannot_fire_is_left_out_and_nothing_else(world: World) -> None:
    every = seen(world, whole(world))
    left = seen(world, whole(world), only_what_fires=True)

    assert outcome(left) == outcome(every)
    assert all(left.features[key] == every.features[key] for key in left.features)


@given(worlds(), st.sampled_from((1, 7)))
@examples(6)
def test_batches_of_one_and_of_seven_give_the_same_as_the_whole(world: World, size: int) -> None:
    parts = seen(world, cut(in_event_order(world), size))

    assert outcome(parts) == outcome(seen(world, whole(world)))


@given(worlds(), st.data())
@examples(8)
def test_batches_cut_anywhere_give_the_same_as_the_whole(world: World, data: st.DataObject) -> None:
    rows = in_event_order(world)
    at = sorted(data.draw(st.sets(st.integers(1, max(1, len(rows) - 1)), max_size=5)))
    parts = [Arrival(rows[a:b]) for a, b in zip([0, *at], [*at, len(rows)], strict=True)]

    assert outcome(seen(world, parts)) == outcome(seen(world, whole(world)))


@given(worlds(), st.data())
@examples(8)
def test_rows_shuffled_within_the_lateness_give_the_same(world: World, data: st.DataObject) -> None:
    rows = _shuffled(world, data)
    size = data.draw(st.sampled_from((2, 5, 11)))

    assert outcome(seen(world, cut(rows, size))) == outcome(seen(world, whole(world)))


@given(worlds(), st.data())
@examples(8)
def test_an_amendment_leaves_no_trace_of_what_it_replaced(
    world: World, data: st.DataObject
) -> None:
    rows = in_event_order(world)
    amended = data.draw(st.sets(st.integers(0, len(rows) - 1), min_size=1, max_size=4))
    arrivals = _amended(rows, amended, data)
    shown = [t.event_time for arrival in arrivals for t in arrival.added]
    world = replace(world, history_start=min(shown))

    assert mismatches(world, seen(world, arrivals)) == []


@given(worlds(), st.data())
@examples(6)
def test_rows_through_intake_with_duplicates_amendments_and_disorder_equal_the_oracle(
    world: World, data: st.DataObject
) -> None:
    world = replace(world, transactions=tuple(_as_a_bank_sends(t) for t in world.transactions))
    rows = _shuffled(world, data)
    wrong = [_misread(t, by) for t, by in zip(rows[::6], cycle((-1, 700)), strict=False)]
    sent = sorted([*rows, *rows[::5], *wrong], key=lambda t: _first_place(rows, t))
    intake = _intake(world)
    stands = standing(world)

    for at in range(0, len(sent), 11):
        accepted = intake.accept(_raw(sent[at : at + 11], world, wrong))
        assert not accepted.rejects
        stands.take(accepted.transactions)

    assert mismatches(world, stands) == []


@given(worlds(), st.integers(1, 40))
@examples(6)
def test_a_late_first_row_lengthens_the_history_of_all(world: World, hours: int) -> None:
    rows = in_event_order(world)
    first = replace(rows[0], event_time=rows[0].event_time - hours * HOUR, reference="TX-LATE")
    world = replace(world, transactions=(*rows, first))

    assert mismatches(world, seen(world, [*cut(rows, 9), Arrival([first])])) == []


@given(worlds(), worlds())
@examples(6)
def test_strangers_leave_each_others_findings_alone(one: World, other: World) -> None:
    start = min(t.event_time for w in (one, other) for t in w.transactions)
    strangers = [_renamed(t) for t in other.transactions]
    alone = replace(one, history_start=start)
    together = replace(alone, transactions=(*one.transactions, *strangers))

    found = seen(together, whole(together)).findings
    theirs = {key: f for key, f in found.items() if "STRANGE" not in f.holder}

    stands = standing(alone)
    stands.take(replace(batch(alone.transactions), history_start=start))
    assert theirs == stands.findings


@pytest.mark.slow
@pytest.mark.parametrize(
    ("scenes", "least"),
    [
        ((strategies.collector,), {"som-collector-fanin": 100}),
        ((strategies.drained,), {"sx-drained-account": 100, "sx-victim-drain": 50}),
        ((strategies.taken,), {"sx-taken-earnings": 40, "sx-earnings-taker": 15}),
        ((strategies.funnel,), {"st-funnel-geo": 200}),
        ((strategies.structuring,), {"st-structuring": 200}),
        ((strategies.taken_back,), {"fl-returned-wages": 100, "fl-wage-recapture": 5}),
        ((strategies.woken,), {"st-mule-onset": 200, "sc-mule-farm": 20}),
        ((strategies.piped,), {"st-rapid-pass": 100}),
        ((strategies.night_cash,), {"sx-night-cash-multisite": 100}),
        ((strategies.smurfed,), {"st-smurf-depositors": 50}),
        ((strategies.pressed,), {"sc-family-ransom": 5, "cse-sextortion-burst": 1}),
        ((strategies.recruited,), {"sc-recruit-travel": 20}),
        ((strategies.used,), {"cse-minor-account-control": 50}),
        ((strategies.housed,), {"st-third-party-payer": 30}),
        ((strategies.entrusted,), {"som-escrow-release": 30}),
        ((strategies.organised,), {"som-organiser-split": 30}),
        ((strategies.ramped,), {"st-crypto-ramp": 30}),
        ((strategies.touring,), {"sx-circuit-lodging": 10}),
        ((strategies.set_off,), {"st-hawala-cluster": 3}),
        ((strategies.brokered,), {"sx-bride-broker": 30}),
        ((strategies.streamed,), {"cse-stream-facilitator": 10, "cse-stream-payer": 5}),
        ((strategies.sitting,), {"fl-emptied-card": 100, "fl-one-atm-many-cards": 10}),
        ((strategies.handled,), {"fl-new-account-used": 50}),
        (None, {}),
    ],
    ids=[
        "collector",
        "drained",
        "taken",
        "funnel",
        "structuring",
        "wages",
        "mules",
        "pipe",
        "night",
        "smurfs",
        "pressed",
        "recruited",
        "used",
        "housed",
        "entrusted",
        "organised",
        "ramped",
        "touring",
        "set off",
        "brokered",
        "streamed",
        "sitting",
        "handled",
        "all",
    ],
)
def test_large_worlds_equal_the_oracle_and_are_not_empty(
    scenes: tuple[Scene, ...] | None, least: dict[str, int]
) -> None:
    world = large_world(7, rows=1_200, scenes=scenes)

    stands = seen(world, cut(in_event_order(world), 400))

    assert mismatches(world, stands, with_features=False) == []
    counts = Counter(f.typology for f in [*stands.findings.values(), *stands.gathered()])
    assert all(counts[typology] >= count for typology, count in least.items())


@pytest.mark.parametrize(("before", "is_found"), [(991, False), (992, True), (1_100, True)])
def test_a_hub_is_seen_by_its_last_thousand_movements(before: int, is_found: bool) -> None:
    world = strategies.hub_world(before=before)
    last = max(m.order for m in Ledger(world).movements if "OUT" in m.bits)

    stands = seen(world, whole(world))

    found = [f.strength for key, f in stands.findings.items() if key[1][1] == last]
    expected = oracle.find(world, where=lambda m: m.order == last)
    assert found == [round(float(f.strength), 6) for f in expected]
    assert bool(found) == is_found


def test_a_cleared_finding_names_what_cleared_it() -> None:
    world = _cleared_by_what_lies_weeks_back()

    stands = seen(world, whole(world))

    assert mismatches(world, stands) == []
    assert [f.cleared_by for f in stands.findings.values() if f.is_cleared]


@pytest.mark.slow
def test_a_holder_quiet_for_seven_months_keeps_the_findings_of_before() -> None:
    world = _quiet_for_seven_months()
    rows = in_event_order(world)

    stands = seen(world, cut(rows, 200))

    assert mismatches(world, stands, with_features=False) == []


@pytest.mark.slow
def test_an_amendment_of_what_is_forgotten_judges_nothing_of_that_time_anew() -> None:
    world = _quiet_for_seven_months()
    rows = in_event_order(world)
    stands = seen(world, cut(rows, 200))
    findings = dict(stands.findings)

    stands.take(batch([replace(rows[0], amount_base=1)], [rows[0]], seen=rows))

    assert stands.findings == findings


def test_small_worlds_hold_findings_of_every_kind() -> None:
    kinds: set[tuple[str, bool]] = set()
    for seed, scene in product(range(6), dict.fromkeys(strategies.SCENES)):
        world = strategies.small_world(strategies.Seeded(seed), [scene])
        kinds |= {(f.typology, f.is_cleared) for f in oracle.find(world)}

    assert {typology for typology, _ in kinds} == set(oracle.DEFINITIONS)
    assert any(is_cleared for _, is_cleared in kinds)


def _shuffled(world: World, data: st.DataObject) -> list[Transaction]:
    """Rows by the time they come in: none is later than the lateness allows."""
    hours = LATENESS // HOUR - 1
    delays = data.draw(
        st.lists(
            st.integers(0, hours),
            min_size=len(world.transactions),
            max_size=len(world.transactions),
        )
    )
    delayed = zip(in_event_order(world), delays, strict=True)
    return [t for t, d in sorted(delayed, key=lambda x: x[0].event_time + x[1] * HOUR)]


def _as_a_bank_sends(t: Transaction) -> Transaction:
    """Both sides held, an amount, a status: what intake itself decides or asks for."""
    return replace(
        t, orig_holds=True, status=t.status or "BOOKED", amount_base=t.amount_base or 12_300
    )


def _misread(t: Transaction, by: int) -> Transaction:
    return replace(t, amount_base=(t.amount_base or 0) + by)


def _first_place(rows: Sequence[Transaction], row: Transaction) -> tuple[int, int]:
    """Contents of one row stand together; the larger amount comes last, right or wrong."""
    at = next(i for i, other in enumerate(rows) if other.reference == row.reference)
    return at, row.amount_base or 0


def _intake(world: World) -> Intake:
    settings = FeedSettings(
        source_id="FICT",
        base_currency=world.base_currency,
        own_ledger_accounts=tuple(sorted(world.ledger_accounts)),
        longest_gap_days=1_000,
        lateness_hours=LATENESS / HOUR,
    )
    return Intake(
        RowReader(settings, world.references, Rates(base_currency=world.base_currency), LEXICON)
    )


def _raw(rows: Sequence[Transaction], world: World, wrong: Sequence[Transaction]) -> RawBatch:
    """Rows as lines of NDJSON; a wrong content has the earlier revision."""
    lines = [msgspec.json.encode(_line(t, world, int(t not in wrong))) for t in rows]
    messages = [Message(value=line, where="rows", raw_ref="rows#0+0") for line in lines]
    return RawBatch(messages=messages, upto={}, partition="files", is_end=False)


def _line(t: Transaction, world: World, revision: int) -> dict[str, object]:
    digits = minor_units()[world.base_currency]
    same = {name: getattr(t, name) for name in SENT_AS_THEY_ARE}
    return {
        **{name: value for name, value in same.items() if value is not None},
        "txn_id": t.reference,
        "event_time": t.event_time.isoformat(),
        "amount": str(Decimal(t.amount_base or 0).scaleb(-(digits or 0))),
        "currency": world.base_currency,
        "source_revision": revision,
    }


def _amended(rows: Sequence[Transaction], amended: set[int], data: st.DataObject) -> list[Arrival]:
    """Some rows come wrong first; each is put right in a batch of its own, once or at the end."""
    arrivals: list[Arrival] = []
    later: list[Arrival] = []
    for i, row in enumerate(rows):
        if i not in amended:
            arrivals.append(Arrival([row]))
            continue
        wrong = _wrong(row, data.draw(st.integers(0, 3)))
        arrivals.append(Arrival([wrong]))
        put_right = Arrival([row], [wrong])
        (arrivals if data.draw(st.booleans()) else later).append(put_right)
    return [*_merged(arrivals), *later]


def _merged(arrivals: Sequence[Arrival]) -> list[Arrival]:
    """Runs of plain arrivals as one batch, so that few batches are needed."""
    merged: list[Arrival] = []
    plain: list[Transaction] = []
    for arrival in arrivals:
        if not arrival.retracted:
            plain += arrival.added
            continue
        merged += [Arrival(plain), arrival]
        plain = []
    return [*merged, Arrival(plain)]


def _wrong(row: Transaction, kind: int) -> Transaction:
    if kind == 0:
        return replace(row, amount_base=(row.amount_base or 0) + 1_000_000)
    if kind == 1:
        return replace(row, event_time=row.event_time + timedelta(days=2, microseconds=1))
    if kind == 2:
        return replace(row, event_time=row.event_time - timedelta(days=3))
    return replace(row, orig_account_id=row.benef_account_id, benef_account_id=row.orig_account_id)


def _renamed(row: Transaction) -> Transaction:
    """The same row of somebody nobody here knows; only places are shared."""
    return replace(
        row,
        reference=f"STRANGE-{row.reference}",
        reversal_of=_strange(row.reversal_of),
        orig_account_id=_strange(row.orig_account_id),
        orig_party_id=_strange(row.orig_party_id),
        benef_account_id=_strange(row.benef_account_id),
        benef_party_id=_strange(row.benef_party_id),
        conductor_party_id=_strange(row.conductor_party_id),
        merchant_id=_strange(row.merchant_id),
    )


def _strange(name: str | None) -> str | None:
    return name if name in (None, strategies.BANK_ACCOUNT) else f"STRANGE-{name}"


def _quiet_for_seven_months() -> World:
    """A drained account, then so many others that room is made, then the account again."""
    hood = Neighbourhood("", strategies.DOLLARS)
    plainest = strategies.Seeded(3)
    first = strategies.drained(plainest, hood, START)
    others = [
        strategies.transfer(
            f"A-FICT-N{i % 300}",
            f"A-FICT-N{(7 * i + 1) % 300}",
            START + (215 + i // 400) * DAY + i * strategies.TICK,
            100,
        )
        for i in range(1_600)
    ]
    again = [
        strategies.transfer("A-FICT-NEW", account, START + 230 * DAY, 100)
        for account in hood.accounts
    ]
    rows = strategies.numbered([*first, *others, *again])
    return replace(large_world(0, rows=1), transactions=tuple(rows))


def _cleared_by_what_lies_weeks_back() -> World:
    """Structuring that holds only with cash of fifty days ago, which a register explains."""
    limit = strategies.DOLLARS.threshold
    days = (-50, 0, 1, 2)
    near = [
        Transaction(
            reference=f"TX-FICT-{i}",
            event_time=START + day * DAY,
            txn_type="CASH_DEPOSIT",
            amount_base=limit * 9 // 10 if i < len(days) else limit,
            is_cash=True,
            benef_account_id="A-FICT-0001",
        )
        for i, day in enumerate((*days, 0.5))
    ]
    first = (START - 60 * DAY).date()
    licence = Licence(
        holder="A-FICT-0001", kind="MVTS", valid_from=first, valid_to=first + timedelta(days=20)
    )
    world = large_world(0, rows=1)
    references = replace(world.references, licences={licence.holder: (licence,)})
    return replace(world, transactions=tuple(near), references=references)
