"""When money came (above the line) and went (below), by local time, one lane a party."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from alerts.evidence import Transaction
from alerts.flow_graph import payer_name, receiver_name
from alerts.wording import day, moment, money, parsed_time, thousands

MOST_LANES = 6
WIDTH = 960
LEFT = 12
RIGHT = 12
HALF_LANE = 52
LANE_LABEL = 22
TOP = 16
"""Room for the word over the line of raising."""
BAR_WIDTH = 5
LEAST_BAR = 3
MOST_TICKS = 9
HALF_TICK = 20
TICK_HOURS = (1, 3, 6, 12, 24, 48, 72, 168, 336, 720, 1440, 2880, 8760)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One transaction. side: in or out; is_unpriced: drawn hollow at the least height."""

    x: float
    y: float
    height: float
    side: str
    title: str
    is_unpriced: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """A party's line. top: of its label; axis: where in and out meet."""

    party: str
    note: str
    top: int
    axis: int
    bars: tuple[Bar, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    x: float
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """A drawing in user units. raised_x: where the alert was raised, if within it."""

    width: int
    height: int
    lanes: tuple[Lane, ...]
    ticks: tuple[Tick, ...]
    raised_x: float | None
    hidden_lanes: int
    description: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scale:
    start: datetime
    end: datetime

    def x(self, time: datetime) -> float:
        span = (self.end - self.start) / timedelta(seconds=1)
        part = (time - self.start) / timedelta(seconds=1) / span
        return round(LEFT + part * (WIDTH - LEFT - RIGHT), 1)


def draw_timeline(
    transactions: Sequence[Transaction], parties: Sequence[str], currency: str, raised_at: str
) -> Timeline | None:
    """The transactions of these parties, in this order of lanes; None where no time is known."""
    timed = [each for each in transactions if _local(each) is not None]
    if not timed or not parties:
        return None
    scale = _scale(timed)
    shown = parties[:MOST_LANES]
    lanes = tuple(_lane(party, row, timed, scale, currency) for row, party in enumerate(shown))
    return Timeline(
        width=WIDTH,
        height=TOP + len(shown) * _lane_height() + 26,
        lanes=lanes,
        ticks=tuple(_ticks(scale)),
        raised_x=_raised_x(raised_at, timed[0], scale),
        hidden_lanes=len(parties) - len(shown),
        description=_description(timed, lanes),
    )


def _local(transaction: Transaction) -> datetime | None:
    time = parsed_time(transaction.local_time)
    return None if time is None else time.replace(tzinfo=None)


def _scale(transactions: Sequence[Transaction]) -> _Scale:
    times = [time for time in map(_local, transactions) if time is not None]
    margin = max((max(times) - min(times)) / 40, timedelta(minutes=30))
    return _Scale(
        start=min(times) - margin,
        end=max(times) + margin,
    )


def _amounts(transactions: Iterable[Transaction]) -> Iterator[Decimal]:
    return (Decimal(each.amount_base) for each in transactions if each.amount_base is not None)


def _lane_height() -> int:
    return LANE_LABEL + 2 * HALF_LANE


def _lane(
    party: str, row: int, transactions: Sequence[Transaction], scale: _Scale, currency: str
) -> Lane:
    top = TOP + row * _lane_height()
    axis = top + LANE_LABEL + HALF_LANE
    received = [each for each in transactions if receiver_name(each) == party]
    paid = [each for each in transactions if payer_name(each) == party]
    largest = max(_amounts([*received, *paid]), default=Decimal(0))
    bars = [
        _bar(each, side, axis, scale.x(time), _height(each, largest), currency)
        for side, some in (("in", received), ("out", paid))
        for each in some
        if (time := _local(each)) is not None
    ]
    return Lane(
        party=party,
        note=f"in {_total(received)} · out {_total(paid)} · tallest {_text(largest)} {currency}",
        top=top,
        axis=axis,
        bars=tuple(bars),
    )


def _height(transaction: Transaction, largest: Decimal) -> float:
    if transaction.amount_base is None or not largest:
        return LEAST_BAR
    part = Decimal(transaction.amount_base) / largest
    return round(max(LEAST_BAR, float(part) * (HALF_LANE - 4)), 1)


def _total(transactions: Iterable[Transaction]) -> str:
    counted = [each for each in transactions if each.cancelled_by is None]
    return _text(sum(_amounts(counted), Decimal(0)))


def _text(amount: Decimal) -> str:
    return thousands(format(amount, "f"))


def _bar(
    transaction: Transaction, side: str, axis: int, x: float, height: float, currency: str
) -> Bar:
    other = payer_name(transaction) if side == "in" else receiver_name(transaction)
    preposition = "from" if side == "in" else "to"
    return Bar(
        x=round(x - BAR_WIDTH / 2, 1),
        y=axis - height if side == "in" else axis,
        height=height,
        side=side,
        title=f"{moment(transaction.local_time)}: {money(transaction.amount_base, currency)} "
        f"{side} {preposition} {other} ({transaction.reference})",
        is_unpriced=transaction.amount_base is None or transaction.cancelled_by is not None,
    )


def _ticks(scale: _Scale) -> Iterator[Tick]:
    hours = (scale.end - scale.start) / timedelta(hours=1)
    step = next((each for each in TICK_HOURS if hours / each <= MOST_TICKS), TICK_HOURS[-1])
    midnight = scale.start.replace(hour=0, minute=0, second=0, microsecond=0)
    for count in range(int(hours / step) + 26):
        time = midnight + count * timedelta(hours=step)
        if scale.start <= time <= scale.end and HALF_TICK < scale.x(time) < WIDTH - HALF_TICK:
            yield Tick(x=scale.x(time), label=_tick_label(time))


def _tick_label(time: datetime) -> str:
    return f"{time:%H:%M}" if time.hour else day(time)[:-5]


def _raised_x(raised_at: str, example: Transaction, scale: _Scale) -> float | None:
    """The moment of raising on the local clock of the first transaction."""
    raised, local = parsed_time(raised_at), parsed_time(example.local_time)
    if raised is None or raised.tzinfo is None or local is None or local.tzinfo is None:
        return None
    time = raised.astimezone(local.tzinfo).replace(tzinfo=None)
    return scale.x(time) if scale.start <= time <= scale.end else None


def _description(transactions: Sequence[Transaction], lanes: Sequence[Lane]) -> str:
    totals = "; ".join(f"{lane.party}: {lane.note}" for lane in lanes)
    first, last = transactions[0].local_time, transactions[-1].local_time
    return (
        f"{len(transactions)} transactions from {moment(first)} to {moment(last)}. {totals}. "
        "Every transaction is listed in the table of transactions."
    )
