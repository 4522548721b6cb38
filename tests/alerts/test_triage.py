"""From findings to alerts: folding, withdrawing, superseding, gathering."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import timedelta
from itertools import cycle
from pathlib import Path

import msgspec
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alerts.alert import Alert, AlertRevision
from alerts.settings import AlertSettings
from alerts.store import Store, StoreTransaction
from detectors.finding import Finding
from models.mask import Mask
from tests.alerts.fiction import (
    EMPTY_LEDGER,
    FUNNEL_FACTS,
    REPRODUCE,
    Move,
    customers,
    fact,
    finding,
    ledger,
    replaced_from,
    triage,
    without,
)

HOLDER, OTHER, RECEIVER = "C-FICT-0001", "C-FICT-0002", "C-FICT-0100"


def move(number: int, day: float, *, holder: str = HOLDER, side: int = 1) -> Move:
    return Move(reference=f"R{number:04d}", holder=holder, day=day, side=side)


def funnel(number: int, day: float, strength: float = 0.5) -> Finding:
    return finding("st-funnel-geo", move(number, day), strength=strength)


def drained(number: int, day: float, holder: str, strength: float = 0.5) -> Finding:
    paid = Move(reference=f"R{number:04d}", holder=holder, day=day, side=0, counterparty=RECEIVER)
    return finding("sx-drained-account", paid, strength=strength, receiver=RECEIVER)


def put(
    store: Store, *findings: Finding, since: float = -400, holder: str = HOLDER
) -> Sequence[AlertRevision]:
    """One step of a run in which `holder` was judged anew from a day on."""
    moves = [_move_of(each) for each in findings]
    with store.transaction() as tx:
        return triage(references=customers(HOLDER, OTHER, RECEIVER)).apply(
            tx,
            findings=findings,
            replaces=replaced_from(holder, since),
            ledger=ledger(moves),
        )


def final(store: Store) -> list[Alert]:
    with store.transaction() as tx:
        return triage().final_alerts(tx)


def _move_of(found: Finding) -> Move:
    day = (found.trigger.time - move(0, 0).time) / timedelta(days=1)
    return Move(
        reference=found.trigger_reference,
        holder=found.holder,
        day=day,
        side=found.trigger.side,
        counterparty=RECEIVER if found.links else "C-FICT-9999",
    )


def test_a_finding_past_the_gate_is_an_open_alert(store: Store) -> None:
    revisions = put(store, funnel(1, 0))

    assert [(each.revision, each.alert.status) for each in revisions] == [(1, "open")]
    assert [each.typologies[0].transaction_ids for each in final(store)] == [("R0001",)]


def test_a_finding_short_of_the_gate_is_no_alert(store: Store) -> None:
    towns = fact("deposit_regions", 3, threshold=3, family="movement", columns=("place_id",))
    put(store, finding("st-funnel-geo", move(1, 0), facts=(towns,)))

    assert final(store) == []


def test_a_cleared_finding_is_kept_and_counted_but_no_alert(store: Store) -> None:
    put(store, finding("st-funnel-geo", move(1, 0), cleared_by=("REMIT",)))

    assert final(store) == []
    with store.transaction() as tx:
        assert tx.cleared_counts() == {"st-funnel-geo": {"REMIT": 1}}


@pytest.mark.parametrize(("gap", "alerts"), [(14.0, 1), (14.0 + 1 / 86_400_000_000, 2)])
def test_only_a_gap_longer_than_a_fortnight_begins_a_new_alert(
    store: Store, gap: float, alerts: int
) -> None:
    put(store, funnel(1, 0), funnel(2, gap))

    assert len(final(store)) == alerts


def test_an_alert_that_rests_is_written_later_as_it_would_have_been_at_once(
    store: Store, tmp_path: Path
) -> None:
    judge = triage(references=customers(HOLDER, OTHER, RECEIVER))
    second = (funnel(1, 0), funnel(2, 3, strength=0.9))
    put(store, funnel(1, 0))
    before = final(store)
    with store.transaction() as tx:
        touched = judge.take(
            tx,
            findings=second,
            replaces=replaced_from(HOLDER, -400),
            ledger=ledger([_move_of(each) for each in second]),
        )
        rested = judge.write(tx, touched, resting={before[0].alert_id})

    assert (rested.revisions, rested.looked, final(store)) == ([], frozenset(), before)

    with store.transaction() as tx:
        written = judge.write(tx, rested.left)
    with Store(tmp_path / "at-once.db", reproduce=REPRODUCE) as other:
        put(other, *second)

        assert [each.revision for each in written.revisions] == [2]
        assert written.looked == {before[0].alert_id}
        assert final(store)[0].typologies == final(other)[0].typologies


def test_a_new_alert_of_somebody_whose_other_one_rests_is_written_at_once(store: Store) -> None:
    judge = triage(references=customers(HOLDER, OTHER, RECEIVER))
    both = (funnel(1, 0, strength=0.9), funnel(2, 40))
    put(store, funnel(1, 0))
    [resting] = final(store)
    with store.transaction() as tx:
        touched = judge.take(
            tx,
            findings=both,
            replaces=replaced_from(HOLDER, -400),
            ledger=ledger([_move_of(each) for each in both]),
        )
        written = judge.write(tx, touched, resting={resting.alert_id})

    assert [each.revision for each in written.revisions] == [1]
    assert resting.typologies in [each.typologies for each in final(store)]
    assert written.left.subjects == touched.subjects


def test_the_same_step_again_changes_nothing(store: Store) -> None:
    put(store, funnel(1, 0), funnel(2, 3))

    assert put(store, funnel(1, 0), funnel(2, 3)) == []


def test_a_stronger_finding_amends_its_alert(store: Store) -> None:
    put(store, funnel(1, 0))

    revisions = put(store, funnel(2, 5, strength=0.9), since=5)

    assert [(each.revision, each.alert.status) for each in revisions] == [(2, "amended")]
    assert [each.status for each in final(store)] == ["open"]


def test_the_strongest_finding_stands_and_of_equal_ones_the_earliest(store: Store) -> None:
    put(store, funnel(1, 0, 0.4), funnel(2, 1, 0.7), funnel(3, 2, 0.7))

    (alert,) = final(store)

    assert [hit.trigger for hit in alert.typologies] == ["R0002"]


def test_an_alert_is_raised_where_the_gate_is_first_passed(store: Store) -> None:
    weak = finding("st-funnel-geo", move(1, 0), facts=without(FUNNEL_FACTS, "dwell"))
    put(store, weak, funnel(2, 3, strength=0.1))

    (alert,) = final(store)

    assert (alert.raised_at, alert.typologies[0].trigger) == ("2026-03-05T00:00:00Z", "R0001")


def test_an_alert_whose_findings_vanish_is_withdrawn(store: Store) -> None:
    put(store, funnel(1, 0))

    revisions = put(store)

    assert [(each.revision, each.alert.status) for each in revisions] == [(2, "withdrawn")]
    assert final(store) == []


def test_a_late_row_that_moves_the_start_supersedes_the_alert(store: Store) -> None:
    (old,) = put(store, funnel(2, 5))

    revisions = put(store, funnel(1, 1), funnel(2, 5), since=1)

    by_status = {each.alert.status: each.alert for each in revisions}
    assert by_status["superseded"].alert_id == old.alert.alert_id
    assert by_status["superseded"].superseded_by == by_status["open"].alert_id
    assert [each.alert_id for each in final(store)] == [by_status["open"].alert_id]


def test_a_late_row_between_two_alerts_joins_them(store: Store) -> None:
    first, second = put(store, funnel(1, 0), funnel(3, 20))

    revisions = put(store, funnel(2, 10), funnel(3, 20), since=10)

    statuses = {each.alert.alert_id: each.alert.status for each in revisions}
    assert sorted(statuses.values()) == ["superseded"]
    assert [each.alert_id for each in final(store)] == [
        ({first.alert.alert_id, second.alert.alert_id} - set(statuses)).pop()
    ]


def test_a_withdrawn_alert_can_be_raised_again(store: Store) -> None:
    put(store, funnel(1, 0))
    put(store)

    (again,) = put(store, funnel(1, 0))

    assert (again.revision, again.alert.status) == (3, "open")


def test_two_unrelated_feeders_raise_an_alert_on_their_receiver(store: Store) -> None:
    put(store, drained(1, 0, HOLDER))
    put(store, drained(2, 3, OTHER), holder=OTHER)

    (alert,) = final(store)

    assert (alert.subject.id, alert.typologies[0].id) == (RECEIVER, "sx-victim-drain")
    assert alert.links[0].parties == (HOLDER, OTHER)
    assert (alert.totals.in_, alert.totals.out, alert.totals.count) == ("200.00", None, 2)


def test_a_signal_that_falls_away_withdraws_what_was_gathered(store: Store) -> None:
    put(store, drained(1, 0, HOLDER))
    put(store, drained(2, 3, OTHER), holder=OTHER)

    revisions = put(store, holder=HOLDER)

    assert [each.alert.status for each in revisions] == ["withdrawn"]


def test_a_stronger_signal_of_a_feeder_reaches_the_roles_of_the_gathered_alert(
    store: Store,
) -> None:
    put(store, drained(1, 0, HOLDER), drained(3, 4, HOLDER, 0.2))
    put(store, drained(2, 3, OTHER), drained(4, 5, OTHER, 0.2), holder=OTHER)

    put(store, drained(1, 0, HOLDER, 0.1), drained(3, 4, HOLDER, 0.9))

    (alert,) = final(store)
    role = next(each for each in alert.roles if each.party == HOLDER)
    assert role.transaction_ids[-1] == "R0003"


def test_an_unknown_receiver_that_is_only_an_account_is_an_account(store: Store) -> None:
    paid = [
        Move(reference=f"R{n}", holder=who, day=n, side=0, counterparty="A-FICT-0777")
        for n, who in enumerate((HOLDER, OTHER))
    ]
    with store.transaction() as tx:
        triage(references=customers(HOLDER, OTHER)).apply(
            tx,
            findings=[finding("sx-drained-account", each, receiver="A-FICT-0777") for each in paid],
            replaces=replaced_from(HOLDER, -9).extend(replaced_from(OTHER, -9)),
            ledger=ledger(paid),
        )

    (alert,) = final(store)

    assert (alert.subject.kind, alert.customers) == ("account", ())


def test_citations_leave_out_what_a_return_had_cancelled_by_then(store: Store) -> None:
    paid, back, later = (
        move(1, 0),
        Move(reference="R0002", holder=HOLDER, day=1, side=0, undoes="R0001"),
        move(3, 2),
    )
    with store.transaction() as tx:
        triage().apply(
            tx,
            findings=[finding("st-funnel-geo", later)],
            replaces=replaced_from(HOLDER, 0),
            ledger=ledger([paid, back, later]),
        )

    assert [each.typologies[0].transaction_ids for each in final(store)] == [("R0003",)]


RETURNED = [
    move(1, 0),
    move(2, 1),
    Move(reference="R0003", holder=HOLDER, day=2, side=0, undoes="R0001"),
    move(4, 3),
]


def test_a_return_that_is_taken_back_cancels_nothing(store: Store) -> None:
    found = [finding("st-funnel-geo", RETURNED[n], strength=0.9 - n / 10) for n in (1, 3)]
    with store.transaction() as tx:
        triage().apply(
            tx, findings=found, replaces=replaced_from(HOLDER, 0), ledger=ledger(RETURNED)
        )
    with store.transaction() as tx:
        triage().apply(tx, findings=[], replaces=replaced_from(HOLDER, 2), ledger=EMPTY_LEDGER)

    assert [each.typologies[0].transaction_ids for each in final(store)] == [("R0001", "R0002")]


def test_a_return_cancels_a_movement_that_was_known_before_it(store: Store) -> None:
    early, late = (finding("st-funnel-geo", RETURNED[n], strength=n / 10) for n in (1, 3))
    with store.transaction() as tx:
        triage().apply(
            tx, findings=[early], replaces=replaced_from(HOLDER, 0), ledger=ledger(RETURNED[:2])
        )
    with store.transaction() as tx:
        triage().apply(
            tx, findings=[late], replaces=replaced_from(HOLDER, 2), ledger=ledger(RETURNED)
        )

    assert [each.typologies[0].transaction_ids for each in final(store)] == [("R0002", "R0004")]


def test_a_flood_of_alerts_is_held_and_can_be_released(store: Store) -> None:
    small = triage(settings=AlertSettings(weekly_budget=1))
    moves = [move(n, n / 86_400, holder=f"C-FICT-{n:04d}") for n in range(12)]
    since = replaced_from(moves[0].holder, -9)
    for each in moves[1:]:
        since.extend(replaced_from(each.holder, -9))
    with store.transaction() as tx:
        small.apply(
            tx,
            findings=[finding("st-funnel-geo", each) for each in moves],
            replaces=since,
            ledger=ledger(moves),
        )

    with store.transaction() as tx:
        assert (tx.status_counts()["held"], len(tx.unpublished())) == (2, 10)
        assert tx.release_held() == 2
        assert len(tx.unpublished()) == 12
    assert len(final(store)) == 12


def test_the_outbox_gives_what_was_not_yet_published_in_order(store: Store) -> None:
    put(store, funnel(1, 0))
    put(store, funnel(2, 5, strength=0.9), since=5)

    with store.transaction() as tx:
        waiting = tx.unpublished()
        tx.mark_published(waiting[:1])

    with store.transaction() as tx:
        assert [each.revision for each in tx.unpublished()] == [2]
        assert tx.history(waiting[0].alert.alert_id) == waiting


# A fiction in which findings are a plain function of the set of movements.

HOLDERS = ("C-FICT-0001", "C-FICT-0002", "C-FICT-0003")
WINDOW_DAYS = 30


def judge(moves: list[Move], holder: str) -> list[Finding]:
    """What a detector finds of a holder: from the third movement of a month on a funnel; from the
    second payment to the receiver on a drained account."""
    own = sorted((m for m in moves if m.holder == holder), key=lambda m: m.trigger)
    found = []
    for trigger in own:
        seen = _slice(own, trigger)
        paid = [m for m in seen if m.side == 0]
        if len(seen) >= 3 and trigger.undoes is None:
            strength = round(min(sum(m.amount for m in seen) / 100_000, 1.0), 6)
            found.append(finding("st-funnel-geo", trigger, strength=strength))
        if len(paid) >= 2 and trigger.undoes is None:
            found.append(
                finding(
                    "sx-drained-account",
                    trigger,
                    strength=round(len(paid) / (len(seen) + 1), 6),
                    receiver=paid[-1].counterparty,
                )
            )
    return found


def _slice(own: list[Move], trigger: Move) -> list[Move]:
    upto = [m for m in own if m.trigger <= trigger.trigger and m.day > trigger.day - WINDOW_DAYS]
    undone = {m.undoes for m in own if m.trigger <= trigger.trigger}
    return [m for m in upto if m.undoes is None and m.reference not in undone]


class NothingKept(Exception):
    """Ends a transaction without a trace."""


def run(store: Store, batches: list[list[Move]], retracted: set[int]) -> bytes:
    """The final alerts of a run of these batches that then takes back the movements numbered in
    `retracted`; the store is left as it was."""
    result = b""
    with suppress(NothingKept), store.transaction() as tx:
        result = _run(tx, batches, retracted)
        raise NothingKept
    return result


def _run(tx: StoreTransaction, batches: list[list[Move]], retracted: set[int]) -> bytes:
    known: list[Move] = []
    subject = triage(references=customers(*HOLDERS, related={HOLDERS[0]: HOLDERS[2]}))
    steps = [(batch, set[str]()) for batch in batches]
    steps.append(([], {f"R{number:04d}" for number in retracted}))
    for added, taken in steps:
        changed = [*added, *(m for m in known if m.reference in taken)]
        known = [m for m in [*known, *added] if m.reference not in taken]
        since = {
            holder: min(m.day for m in changed if m.holder == holder)
            for holder in sorted({m.holder for m in changed})
        }
        frames = [replaced_from(holder, day) for holder, day in since.items()]
        if not frames:
            continue
        found = [
            each
            for holder, day in since.items()
            for each in judge(known, holder)
            if each.trigger.time >= move(0, day).time
        ]
        touched = {each.holder: since[each.holder] - WINDOW_DAYS for each in found}
        rows = [m for m in known if m.holder in touched and m.day > touched[m.holder]]
        cancelled = ledger([m for m in known if m.holder in touched])
        kept = cancelled.filter(cancelled["reference"].is_in([m.reference for m in rows]))
        subject.apply(tx, findings=found, replaces=pl.concat(frames), ledger=kept)
    return msgspec.json.encode(subject.final_alerts(tx))


@st.composite
def histories(draw: st.DrawFn) -> list[Move]:
    drawn = draw(
        st.lists(
            st.tuples(
                st.sampled_from(HOLDERS),
                st.sampled_from([0.0, 1.0, 2.0, 7.0, 15.5, 20.0, 34.0, 50.0, 51.0]),
                st.integers(0, 1),
                st.sampled_from([1_000, 20_000, 35_000]),
                st.sampled_from(["C-FICT-0100", "C-FICT-0002", "A-FICT-0777"]),
                st.one_of(st.none(), st.none(), st.none(), st.integers(0, 8)),
            ),
            min_size=4,
            max_size=26,
        )
    )
    moves: list[Move] = []
    for number, (holder, day, side, amount, other, undoes) in enumerate(drawn):
        named = moves[undoes % len(moves)] if undoes is not None and moves else None
        same = named is not None and named.holder == holder and named.undoes is None
        moves.append(
            Move(
                reference=f"R{number:04d}",
                holder=holder,
                day=day + number / 100_000,
                side=side,
                amount=amount,
                counterparty=other,
                mask=Mask.TRANSFER | Mask.PRICED,
                undoes=named.reference if named is not None and same else None,
            )
        )
    return moves


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_any_order_and_any_cut_of_the_rows_gives_the_same_final_alerts(
    store: Store, data: st.DataObject
) -> None:
    moves = data.draw(histories())
    retracted = data.draw(st.sets(st.integers(0, len(moves) - 1), max_size=3))
    shuffled = data.draw(st.permutations(moves))
    cuts = data.draw(st.lists(st.integers(1, 6), min_size=1, max_size=6))
    kept = [m for number, m in enumerate(moves) if number not in retracted]

    whole = run(store, [kept], set())
    cut = run(store, list(_cut(shuffled, cuts)), retracted)

    assert cut == whole


def _cut(moves: list[Move], sizes: list[int]) -> Iterator[list[Move]]:
    rest = list(moves)
    for size in cycle(sizes):
        if not rest:
            return
        yield rest[:size]
        rest = rest[size:]
