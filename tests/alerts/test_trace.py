"""Money followed by first in, first out: against units of money moved one by one."""

from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Literal

from hypothesis import given
from hypothesis import strategies as st

from alerts.trace import Line, Trace, accounts_to_follow, follow

START = datetime(2026, 1, 5, tzinfo=UTC)
ACCOUNTS = ("A-1", "A-2", "A-3", "A-4")
Use = Literal["transfer", "cash", "spent"]


def transfer(minute: int, payer: str | None, receiver: str | None, amount: int) -> list[Line]:
    """Both sides of a transfer; a side that is None is not seen (cash, or another bank)."""
    name = f"T-{minute}"
    sides = []
    if payer is not None:
        use: Use = "transfer" if receiver is not None else "cash"
        sides.append(_line(minute, name, payer, receiver, amount, is_in=False, use=use))
    if receiver is not None:
        sides.append(_line(minute, name, receiver, payer, amount, is_in=True, use=None))
    return sides


def _line(
    minute: int,
    name: str,
    account: str,
    other: str | None,
    amount: int,
    *,
    is_in: bool,
    use: Use | None,
) -> Line:
    return Line(
        account=account,
        party=f"P{account[1:]}",
        order=(START + timedelta(minutes=minute), 0, minute, 0, int(is_in)),
        is_in=is_in,
        amount=amount,
        link=name,
        reference=name,
        source_id="fict-bank",
        other_account=other,
        other_party=None if other is None else f"P{other[1:]}",
        use=use,
        place=None,
    )


def endings(trace: Trace) -> dict[tuple[str, str], int]:
    found: Counter[tuple[str, str]] = Counter()
    for each in trace.holdings:
        found[each.account, each.ending] += each.amount
    return dict(found)


def test_what_came_first_leaves_first_and_the_rest_is_kept() -> None:
    lines = [
        *transfer(1, "X-1", "A-1", 100),
        *transfer(2, "X-2", "A-1", 50),
        *transfer(3, "A-1", "A-2", 120),
        *transfer(4, "A-2", None, 110),
    ]

    trace = follow(_of(lines, "A-1", "A-2"), first={"A-1"}, hops=2)

    assert trace.came == 150
    assert trace.payers == {"P-1": 100, "P-2": 50}
    assert endings(trace) == {("A-1", "kept"): 30, ("A-2", "cash"): 110, ("A-2", "kept"): 10}
    assert [step.stems_from for step in trace.steps] == [("T-1", "T-2"), ("T-1", "T-2")]


def test_money_from_before_is_told_apart() -> None:
    lines = [*transfer(1, "A-1", "A-2", 40), *transfer(2, "X-1", "A-1", 10)]

    trace = follow(_of(lines, "A-1", "A-2"), first={"A-1"}, hops=3)

    assert (trace.came, trace.earlier, trace.steps) == (10, 40, ())


def test_following_ends_at_the_last_hop_and_where_nothing_is_seen() -> None:
    lines = [
        *transfer(1, "X-1", "A-1", 100),
        *transfer(2, "A-1", "A-2", 60),
        *transfer(3, "A-1", "B-9", 40),
        *transfer(4, "A-2", "A-3", 60),
    ]

    trace = follow(_of(lines, "A-1", "A-2", "A-3"), first={"A-1"}, hops=1)

    assert endings(trace) == {("A-2", "not_followed"): 60, ("B-9", "not_followed"): 40}
    assert accounts_to_follow(trace, hops=2) == {"A-2", "B-9"}


def test_money_that_comes_round_again_is_counted_once() -> None:
    lines = [
        *transfer(1, "X-1", "A-1", 100),
        *transfer(2, "A-1", "A-2", 100),
        *transfer(3, "A-2", "A-1", 90),
        *transfer(4, "A-1", None, 90),
    ]

    trace = follow(_of(lines, "A-1", "A-2"), first={"A-1"}, hops=3)

    assert trace.came == 100
    assert endings(trace) == {("A-1", "cash"): 90, ("A-2", "kept"): 10}
    assert [step.hop for step in trace.steps] == [1, 2, 3]


def test_a_fee_on_the_way_is_not_followed_and_not_lost() -> None:
    sent, _ = transfer(2, "A-1", "A-2", 100)
    _, arrived = transfer(2, "A-1", "A-2", 97)
    lines = [*_of(transfer(1, "X-1", "A-1", 100), "A-1"), sent, arrived]

    trace = follow(lines, first={"A-1"}, hops=3)

    assert endings(trace) == {("A-2", "kept"): 97, ("A-2", "not_followed"): 3}


def test_a_credit_dated_before_its_debit_still_carries_the_money() -> None:
    sent, arrived = transfer(5, "A-1", "A-2", 100)
    early = _line(3, "T-5", "A-2", "A-1", 100, is_in=True, use=None)
    lines = [*_of(transfer(1, "X-1", "A-1", 100), "A-1"), early, sent]

    assert arrived.order > early.order
    assert endings(follow(lines, first={"A-1"}, hops=2)) == {("A-2", "kept"): 100}


moves = st.lists(
    st.tuples(
        st.sampled_from((*ACCOUNTS, "X-1", "X-2")),
        st.sampled_from((*ACCOUNTS, "B-1", None)),
        st.integers(1, 12),
    ).filter(lambda move: move[0] != move[1]),
    max_size=25,
)


@given(moves, st.integers(1, 4), st.randoms())
def test_every_unit_ends_where_moving_units_one_by_one_puts_it(
    drawn: list[tuple[str, str | None, int]], hops: int, chance: object
) -> None:
    lines = [line for minute, each in enumerate(drawn, start=1) for line in transfer(minute, *each)]
    seen = _of(lines, *ACCOUNTS)
    shuffled = list(seen)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]

    trace = follow(shuffled, first={"A-1", "A-2"}, hops=hops)

    assert endings(trace) == _units(drawn, first={"A-1", "A-2"}, hops=hops)
    assert sum(each.amount for each in trace.holdings) == trace.came
    for each in trace.holdings:
        assert sum(each.by_payer.values()) == each.amount


def _of(lines: Iterable[Line], *accounts: str) -> list[Line]:
    return [line for line in lines if line.account in accounts]


def _units(
    drawn: Sequence[tuple[str, str | None, int]], *, first: set[str], hops: int
) -> dict[tuple[str, str], int]:
    """The same, with each unit of money a token that remembers how far it has come."""
    tills: dict[str, deque[int | None]] = defaultdict(deque)
    found: Counter[tuple[str, str]] = Counter()
    for payer, receiver, amount in drawn:
        for _ in range(amount):
            seen = payer in ACCOUNTS and bool(tills[payer])
            token = tills[payer].popleft() if seen else None
            if receiver is None:
                found[payer, "cash"] += token is not None
                continue
            arrived = None if token is None else token + 1
            if receiver in first and payer not in first and arrived is None:
                arrived = 0
            if arrived is not None and (receiver not in ACCOUNTS or arrived >= hops):
                found[receiver, "not_followed"] += 1
                arrived = None
            tills[receiver].append(arrived)
    for account, till in tills.items():
        if account in ACCOUNTS:
            found[account, "kept"] += sum(token is not None for token in till)
    return {place: units for place, units in found.items() if units}
