"""Network shapes against brute force, and the same whatever the order of arrival."""

import random
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.reference import References
from ingest.transaction import ADDRESS, TRANSACTION, TransactionBatch, transaction_key
from models.networks import Networks, ShapeFound, ShapeLimits

START = datetime(2026, 3, 1, tzinfo=UTC)
LATENESS = timedelta(days=40)
LIMITS = {
    "cycle": ShapeLimits(
        window=timedelta(days=10), least_percent=85, most_percent=105, least_hops=3
    ),
    "scatter_gather": ShapeLimits(
        window=timedelta(days=7),
        least_percent=70,
        most_percent=105,
        least_parties=3,
        least_share=50,
    ),
    "gather_scatter": ShapeLimits(
        window=timedelta(days=7), least_percent=70, most_percent=105, least_parties=2
    ),
    "bipartite": ShapeLimits(window=timedelta(days=7), least_parties=2, shop_payers=4),
    "stack": ShapeLimits(window=timedelta(days=7), least_parties=2, shop_payers=4),
    "fan_in": ShapeLimits(
        window=timedelta(days=3),
        least_parties=3,
        shop_payers=4,
        least_percent=80,
        most_percent=45,
        usual_percent=50,
    ),
    "fan_out": ShapeLimits(
        window=timedelta(days=3),
        least_parties=3,
        shop_payers=4,
        least_percent=80,
        most_percent=45,
        usual_percent=50,
    ),
}

Payment = tuple[int, int, int, int]
"""Hour, payer, payee, amount."""


def transactions(payments: Sequence[Payment]) -> pl.DataFrame:
    rows = []
    for number, (hour, payer, payee, amount) in enumerate(payments):
        high, low = transaction_key("BANK-FICT", f"T-{number}")
        empty: dict[str, object] = dict.fromkeys(TRANSACTION)
        rows.append(
            empty
            | {
                "txn_hi": high,
                "txn_lo": low,
                "reference": f"T-{number}",
                "source_id": "BANK-FICT",
                "event_time": START + timedelta(hours=hour),
                "source_sequence": 0,
                "status": "BOOKED",
                "txn_type": "TRANSFER",
                "amount_base": amount,
                "orig_account_id": f"A{payer}",
                "benef_account_id": f"A{payee}",
                "orig_holds": True,
                "benef_holds": True,
            }
        )
    return pl.DataFrame(rows, schema=TRANSACTION)


def standing(
    batches: Sequence[pl.DataFrame],
    *,
    retracted: Sequence[pl.DataFrame] = (),
    is_put_down: bool = False,
) -> Any:
    """What stands after all batches: shape, trigger and legs by reference. `is_put_down`: each
    batch goes into a room restored from a snapshot of the one before."""
    room = new_room()
    stands: dict[tuple[str, str], ShapeFound] = {}
    taken = [*retracted, *([pl.DataFrame(schema=ADDRESS)] * (len(batches) - len(retracted)))]
    for added, gone in zip(batches, taken, strict=True):
        room = put_down(room) if is_put_down else room
        judged = room.extend(
            TransactionBatch(
                added=added,
                retracted=gone,
                history_start=START,
                seen_until=START + timedelta(days=30),
            )
        )
        for shape in judged.gone:
            del stands[shape.shape, shape.trigger.txn]
        for shape in judged.found:
            stands[shape.shape, shape.trigger.txn] = shape
    return {
        (each.shape, each.trigger.reference, tuple(leg.reference for leg in each.legs))
        for each in stands.values()
    }


def new_room() -> Networks:
    return Networks(references=References(), limits=LIMITS, lateness=LATENESS)  # type: ignore[arg-type]


def put_down(room: Networks) -> Networks:
    """A new room with the state of this one."""
    sections: defaultdict[str, list[pa.RecordBatch]] = defaultdict(list)
    for piece in room.snapshot(most_transfers=7):
        sections[piece.section].append(piece.rows)
    restored = new_room()
    restored.restore(sections)
    return restored


def brute_force(payments: Sequence[Payment], shape: str) -> set[str]:
    """References of the transfers that complete a shape: every combination is tried."""
    limits = LIMITS[shape]
    ordered = sorted(
        (
            (hour, transaction_key("BANK-FICT", f"T-{n}"), payer, payee, amount, f"T-{n}")
            for n, (hour, payer, payee, amount) in enumerate(payments)
            if payer != payee
        ),
    )
    hours = limits.window // timedelta(hours=1)
    found = set()
    for place, trigger in enumerate(ordered):
        window = [row for row in ordered[: place + 1] if row[0] > trigger[0] - hours]
        before = [row for row in ordered if -2 * hours < row[0] - trigger[0] <= -hours]
        is_usual = limits.usual_percent and _is_usual(shape, window, before, trigger, limits)
        if _JUDGES[shape](window, trigger, limits) and not is_usual:
            found.add(trigger[5])
    return found


def _hop(came: Any, went: Any, limits: ShapeLimits) -> bool:
    is_later = bool((came[0], came[1]) < (went[0], went[1]))
    low, high = limits.least_percent * came[4], limits.most_percent * came[4]
    return bool(is_later and low <= 100 * went[4] <= high)


def _has_cycle(window: Any, trigger: Any, limits: ShapeLimits) -> bool:
    chains = [[trigger]]
    while chains:
        chain = chains.pop()
        for row in window:
            if row[3] != chain[0][2] or not _hop(row, chain[0], limits):
                continue
            if row[2] == trigger[3]:
                is_long = len(chain) + 1 >= limits.least_hops
                if is_long and not _is_pot(window, trigger, [row, *chain]):
                    return True
                continue
            on_it = {party for each in chain for party in each[2:4]}
            if row[2] not in on_it and len(chain) + 1 < 10:
                chains.append([row, *chain])
    return False


def _is_pot(window: Any, trigger: Any, chain: Any) -> bool:
    """Equal shares, and as many as three pay the same share to the same one: a savings circle."""
    payers = (
        {row[2] for row in window if row[3] == holder and row[4] == trigger[4]}
        for holder in {row[3] for row in chain}
    )
    return len({row[4] for row in chain}) == 1 and any(len(each) >= 3 for each in payers)


def _has_scatter_gather(window: Any, trigger: Any, limits: ShapeLimits) -> bool:
    sink = trigger[3]
    received = sum(row[4] for row in window if row[3] == sink)
    for source in {r[2] for r in window if r[3] == trigger[2] and _hop(r, trigger, limits)} - {
        sink
    }:
        gathered, parties = 0, 0
        for between in {row[3] for row in window if row[2] == source} - {sink}:
            paid = sum(row[4] for row in window if row[2] == between)
            # The newest payment of the source that any payment to the sink passes on.
            first_legs = [r for r in reversed(window) if r[2] == source and r[3] == between]
            for first in first_legs:
                seconds = [
                    r
                    for r in reversed(window)
                    if r[2] == between and r[3] == sink and _hop(first, r, limits)
                ]
                if seconds and 100 * seconds[0][4] >= limits.least_share * paid:
                    gathered += seconds[0][4]
                    parties += 1
                    break
        if parties >= limits.least_parties and 100 * gathered >= limits.least_share * received:
            return True
    return False


def _has_gather_scatter(window: Any, trigger: Any, limits: ShapeLimits) -> bool:
    ins = [row for row in window if row[3] == trigger[2]]
    outs = [row for row in window if row[2] == trigger[2]]
    came, went = sum(row[4] for row in ins), sum(row[4] for row in outs)
    if min(len({r[2] for r in ins}), len({r[3] for r in outs})) < limits.least_parties:
        return False
    if not limits.least_percent * came <= 100 * went <= limits.most_percent * came:
        return False
    arrived, after = 0, 0
    for row in window:
        if row in outs and 10 * arrived >= 9 * came:
            after += row[4]
        if row in ins:
            arrived += row[4]
    return bool(10 * after >= 9 * went)


def _fellows(window: Any, holder: int, limits: ShapeLimits, own: int, other: int) -> set[int]:
    """Holders that share enough payees (own=2, other=3) or payers (own=3, other=2)."""
    fellows: dict[int, int] = {}
    partners = {row[other] for row in window if row[own] == holder}
    if len(partners) > limits.shop_payers:
        return set()
    for shared in partners:
        others = {row[own] for row in window if row[other] == shared}
        if len(others) > limits.shop_payers:
            continue
        for fellow in others - {holder}:
            fellows[fellow] = fellows.get(fellow, 0) + 1
    return {fellow for fellow, count in fellows.items() if count >= limits.least_parties}


def _has_bipartite(window: Any, trigger: Any, limits: ShapeLimits) -> bool:
    return len(_fellows(window, trigger[2], limits, 2, 3)) + 1 >= limits.least_parties


def _has_stack(window: Any, trigger: Any, limits: ShapeLimits) -> bool:
    both = _fellows(window, trigger[2], limits, 2, 3) & _fellows(window, trigger[2], limits, 3, 2)
    return len(both) + 1 >= limits.least_parties


def _is_usual(shape: str, window: Any, before: Any, trigger: Any, limits: ShapeLimits) -> bool:
    """Whether the holder of a fan had about as many others in the window before."""
    own, other = (3, 2) if shape == "fan_in" else (2, 3)
    lately = [row[other] for row in window if row[own] == trigger[own]]
    once = [party for party in lately if lately.count(party) == 1]
    earlier = {row[other] for row in before if row[own] == trigger[own]}
    return 100 * len(earlier) >= limits.usual_percent * len(once)


def _has_fan(own: int, other: int) -> Any:
    """Enough others (other=2: payers) with one payment each, and most of what moved."""

    def judge(window: Any, trigger: Any, limits: ShapeLimits) -> bool:
        side = [row for row in window if row[own] == trigger[own]]
        parties = [row[other] for row in side]
        once = [row for row in side if parties.count(row[other]) == 1]
        moved, total = sum(row[4] for row in once), sum(row[4] for row in side)
        is_much = 100 * moved >= limits.least_percent * total
        is_even = 100 * max((row[4] for row in once), default=0) <= limits.most_percent * moved
        is_fan = len(once) >= limits.least_parties and len(set(parties)) <= limits.shop_payers
        return is_fan and is_much and is_even

    return judge


_JUDGES = {
    "cycle": _has_cycle,
    "scatter_gather": _has_scatter_gather,
    "gather_scatter": _has_gather_scatter,
    "bipartite": _has_bipartite,
    "stack": _has_stack,
    "fan_in": _has_fan(3, 2),
    "fan_out": _has_fan(2, 3),
}

payment = st.tuples(
    st.integers(0, 400),
    st.integers(0, 6),
    st.integers(0, 6),
    st.sampled_from([80, 90, 95, 100, 240]),
)


@pytest.mark.parametrize("shape", sorted(LIMITS))
@settings(max_examples=150, deadline=None)
@given(payments=st.lists(payment, max_size=40))
def test_shapes_are_those_that_brute_force_finds(shape: str, payments: list[Payment]) -> None:
    found = {
        reference for kind, reference, _ in standing([transactions(payments)]) if kind == shape
    }

    assert found == brute_force(payments, shape)


@settings(max_examples=150, deadline=None)
@given(payments=st.lists(payment, max_size=40), seed=st.integers(0, 99), size=st.integers(1, 9))
def test_cuts_and_arrival_change_nothing(payments: list[Payment], seed: int, size: int) -> None:
    whole = transactions(payments)
    order = list(range(len(payments)))
    random.Random(seed).shuffle(order)
    cut = [whole[order[first : first + size]] for first in range(0, len(order), size)]

    assert standing(cut) == standing([whole])


@settings(max_examples=150, deadline=None)
@given(payments=st.lists(payment, min_size=6, max_size=40), seed=st.integers(0, 99))
def test_a_transaction_taken_back_leaves_no_trace(payments: list[Payment], seed: int) -> None:
    whole = transactions(payments)
    chosen = sorted(random.Random(seed).sample(range(len(payments)), 3))
    rest = [row for row in range(len(payments)) if row not in chosen]

    undone = standing(
        [whole, whole.clear()],
        retracted=[pl.DataFrame(schema=ADDRESS), whole[chosen].select(list(ADDRESS))],
    )

    assert undone == standing([whole[rest]])


@settings(max_examples=100, deadline=None)
@given(payments=st.lists(payment, min_size=6, max_size=40), seed=st.integers(0, 99))
def test_a_return_cancels_from_its_own_time_on_whenever_it_is_read(
    payments: list[Payment], seed: int
) -> None:
    chance = random.Random(seed)
    whole = transactions(payments)
    original = chance.randrange(len(payments))
    back = whole[original].with_columns(
        reference=pl.lit("R"),
        txn_lo=pl.lit(7, pl.UInt64),
        event_time=pl.col("event_time") + timedelta(hours=chance.randrange(1, 100)),
        reversal_hi=pl.col("txn_hi"),
        reversal_lo=pl.col("txn_lo"),
    )
    every = pl.concat([whole, back])
    order = list(range(every.height))
    chance.shuffle(order)
    cut = [every[order[first : first + 4]] for first in range(0, len(order), 4)]

    assert standing(cut) == standing([every])


@settings(max_examples=60, deadline=None)
@given(payments=st.lists(payment, min_size=6, max_size=40), seed=st.integers(0, 99))
def test_rooms_put_down_after_each_batch_judge_as_one_that_went_on(
    payments: list[Payment], seed: int
) -> None:
    chance = random.Random(seed)
    whole = transactions(payments)
    order = list(range(len(payments)))
    chance.shuffle(order)
    cut = [whole[order[first : first + 9]] for first in range(0, len(order), 9)]
    gone = [pl.DataFrame(schema=ADDRESS)] * (len(cut) - 1)
    gone.append(whole[order[:2]].select(list(ADDRESS)))

    assert standing(cut, retracted=gone, is_put_down=True) == standing(cut, retracted=gone)


def test_a_snapshot_is_of_the_moment_it_was_asked_for() -> None:
    room, circle = new_room(), [(0, 0, 1, 100), (1, 1, 2, 95), (2, 2, 0, 92)]
    rows = transactions(circle)
    nobody = pl.DataFrame(schema=ADDRESS)
    room.extend(_batch(rows[:2], nobody))

    pieces = room.snapshot(most_transfers=1)
    room.extend(_batch(rows[2:], rows[:1].select(list(ADDRESS))))
    sections: defaultdict[str, list[pa.RecordBatch]] = defaultdict(list)
    for piece in pieces:
        sections[piece.section].append(piece.rows)
    restored = new_room()
    restored.restore(sections)

    assert "cycle" in {each.shape for each in restored.extend(_batch(rows[2:], nobody)).found}


def _batch(added: pl.DataFrame, retracted: pl.DataFrame) -> TransactionBatch:
    return TransactionBatch(
        added=added,
        retracted=retracted,
        history_start=START,
        seen_until=START + timedelta(days=30),
    )


def test_combinations_of_three_payers_and_payees_are_bipartite() -> None:
    payments = [(n, payer, 3 + payee, 100) for n, (payer, payee) in enumerate(_grid(3, 3))]

    found = standing([transactions(payments)])

    assert {kind for kind, *_ in found} == {"bipartite", "fan_in", "fan_out"}


def _grid(payers: int, payees: int) -> list[tuple[int, int]]:
    pairs = [(a, b) for a in range(payers) for b in range(payees)]
    assert len(pairs) == payers * payees
    return pairs


def test_what_is_let_go_takes_nothing_with_it_that_is_still_to_come() -> None:
    """Two thousand transfers of a first day, long forgotten when a circle closes a year later."""
    early = [(0, 10 + n % 40, 60 + n % 37, 100) for n in range(2_000)]
    circle = [(24 * 400, 0, 1, 100), (24 * 400 + 1, 1, 2, 95), (24 * 400 + 2, 2, 0, 92)]
    rows = transactions([*early, *circle])
    room = new_room()

    found: list[ShapeFound] = []
    for part in (rows[:2_000], rows[2_000:2_001], rows.clear(), rows[2_001:]):
        batch = TransactionBatch(
            added=part,
            retracted=pl.DataFrame(schema=ADDRESS),
            history_start=START,
            seen_until=START + timedelta(hours=0 if part.height == 2_000 else 24 * 400),
        )
        found += room.extend(batch).found

    assert "cycle" in {shape.shape for shape in found}
