"""Who paid whom, as rows of a table, and the same drawn from left to right around the subject."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from alerts.evidence import Transaction
from alerts.wording import day, number, parsed_time, shortened, thousands

MOST_NODES = 24
"""Beyond this a drawing on paper says less than its table."""
FURTHEST_COLUMN = 2

SUM_SIGN = "\N{N-ARY SUMMATION} "

NODE_WIDTH = 180
NODE_HEIGHT = 40
COLUMN_GAP = 130
ROW_GAP = 12
MARGIN = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """All that one party paid another. amount: of the transactions that have a base amount."""

    payer: str
    receiver: str
    count: int
    amount: Decimal
    without_rate: int
    first: str
    last: str
    references: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A box. hidden: how many parties it stands for when the drawing is full, else 0."""

    x: int
    y: int
    label: str
    party: str
    note: str
    tone: str
    is_subject: bool
    hidden: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """A line with its arrow; `path` is SVG path data, `title` the whole of what it stands for."""

    path: str
    title: str
    label: str
    label_x: int
    label_y: int
    anchor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowGraph:
    """A drawing in user units. hidden: parties that are only in the table."""

    width: int
    height: int
    node_width: int
    node_height: int
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    hidden: int
    description: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """What the drawing says of each party: its role in words and how it may be drawn."""

    subject: str
    roles: Mapping[str, str]
    tones: Mapping[str, str]
    currency: str


def flows_of(transactions: Iterable[Transaction]) -> list[Flow]:
    """One row a pair of payer and receiver, in order of the first transaction.

    Leaves out cancelled transactions and those between two accounts of one party.
    """
    pairs: dict[tuple[str, str], list[Transaction]] = defaultdict(list)
    for transaction in transactions:
        pair = (payer_name(transaction), receiver_name(transaction))
        if pair[0] != pair[1] and transaction.cancelled_by is None:
            pairs[pair].append(transaction)
    found = [_flow(payer, receiver, paid) for (payer, receiver), paid in pairs.items()]
    return sorted(found, key=lambda flow: (flow.first, flow.payer, flow.receiver))


def largest_first(flow: Flow) -> tuple[Decimal, str, str]:
    return -flow.amount, flow.payer, flow.receiver


def payer_name(transaction: Transaction) -> str:
    """The paying party, else its account, else what the row leaves open."""
    known = transaction.payer or transaction.payer_account
    return known or ("Cash paid in" if _is_cash(transaction) else "Payer not recorded")


def receiver_name(transaction: Transaction) -> str:
    """The receiving party, else its account, else what the row leaves open."""
    known = transaction.receiver or transaction.receiver_account
    return known or ("Cash taken out" if _is_cash(transaction) else "Receiver not recorded")


def draw_flows(flows: Sequence[Flow], wording: Wording) -> FlowGraph | None:
    """The flows around the subject, money running to the right; None without flows."""
    if not flows:
        return None
    columns = _columns(flows, wording.subject)
    shown, groups = _within_cap(columns, flows, wording)
    drawn = _merged(flows, groups)
    places = _places(shown, drawn)
    hidden = sum(len(parties) for parties in _by_group(groups).values())
    return FlowGraph(
        width=max(x for x, _ in places.values()) + NODE_WIDTH + MARGIN,
        height=max(y for _, y in places.values()) + NODE_HEIGHT + MARGIN,
        node_width=NODE_WIDTH,
        node_height=NODE_HEIGHT,
        nodes=tuple(_node(party, places[party], groups, wording) for party in sorted(places)),
        edges=_edges(places, drawn, wording),
        hidden=hidden,
        description=_description(flows, hidden, wording),
    )


def flow_title(flow: Flow, currency: str) -> str:
    """`A pays B: 3 transactions, 1,200.00 LAK`, what a drawn line stands for."""
    plural = "" if flow.count == 1 else "s"
    missing = f", {flow.without_rate} without a rate" if flow.without_rate else ""
    total = thousands(format(flow.amount, "f"))
    return (
        f"{flow.payer} pays {flow.receiver}: "
        f"{number(flow.count)} transaction{plural}, {total} {currency}{missing}"
    )


def _is_cash(transaction: Transaction) -> bool:
    return transaction.txn_type in ("CASH_DEPOSIT", "CASH_WITHDRAWAL", "WALLET_CASHOUT")


def _flow(payer: str, receiver: str, paid: Sequence[Transaction]) -> Flow:
    times = sorted(each.local_time for each in paid)
    priced = [Decimal(each.amount_base) for each in paid if each.amount_base is not None]
    return Flow(
        payer=payer,
        receiver=receiver,
        count=len(paid),
        amount=sum(priced, Decimal(0)),
        without_rate=len(paid) - len(priced),
        first=times[0],
        last=times[-1],
        references=tuple(each.reference for each in paid),
    )


def _columns(flows: Sequence[Flow], subject: str) -> dict[str, int]:
    """Steps of money before (negative) or after the subject, by the shortest way to it."""
    names = {name for flow in flows for name in (flow.payer, flow.receiver)}
    root = subject if subject in names else _busiest(flows)
    columns, reached = {root: 0}, [root]
    while reached:
        near = {party for flow in flows for party in _other_end(flow, reached)} - columns.keys()
        placed = {party: _column_beside(party, flows, columns) for party in sorted(near)}
        columns.update(placed)
        reached = list(placed)
    return {name: columns.get(name, 0) for name in sorted(names)}


def _busiest(flows: Sequence[Flow]) -> str:
    turnover: dict[str, Decimal] = defaultdict(Decimal)
    for flow in flows:
        turnover[flow.payer] += flow.amount
        turnover[flow.receiver] += flow.amount
    return min(turnover, key=lambda party: (-turnover[party], party))


def _other_end(flow: Flow, reached: Collection[str]) -> Iterable[str]:
    if flow.payer in reached:
        yield flow.receiver
    if flow.receiver in reached:
        yield flow.payer


def _column_beside(party: str, flows: Sequence[Flow], columns: Mapping[str, int]) -> int:
    """Left of those it pays or right of those who pay it, where more of its money goes."""
    weight: dict[int, Decimal] = defaultdict(Decimal)
    for flow in flows:
        if flow.payer == party and flow.receiver in columns:
            weight[columns[flow.receiver] - 1] += flow.amount
        if flow.receiver == party and flow.payer in columns:
            weight[columns[flow.payer] + 1] += flow.amount
    column = min(weight, key=lambda column: (-weight[column], column))
    return max(-FURTHEST_COLUMN, min(FURTHEST_COLUMN, column))


def _within_cap(
    columns: Mapping[str, int], flows: Sequence[Flow], wording: Wording
) -> tuple[dict[str, int], dict[str, str]]:
    """The boxes to draw with their columns, and for each party left out the box it is in."""
    members: dict[int, list[str]] = defaultdict(list)
    for party in _by_weight(columns, flows, wording):
        members[columns[party]].append(party)
    longest = _longest_column(members)
    shown: dict[str, int] = {}
    groups: dict[str, str] = {}
    for column, parties in members.items():
        kept = parties if len(parties) <= longest else parties[: longest - 1]
        shown.update(dict.fromkeys(kept, column))
        rest = parties[len(kept) :]
        if rest:
            # No party can have this name: control letters never pass the strict decoder.
            box = f"\x00{column}"
            shown[box] = column
            groups.update(dict.fromkeys(rest, box))
    return shown, groups


def _by_weight(
    columns: Mapping[str, int], flows: Sequence[Flow], wording: Wording
) -> Iterable[str]:
    """The subject and those with a role first, then by money moved."""
    moved: dict[str, Decimal] = defaultdict(Decimal)
    for flow in flows:
        moved[flow.payer] += flow.amount
        moved[flow.receiver] += flow.amount
    is_plain = {party: wording.tones.get(party, "plain") == "plain" for party in columns}
    return sorted(
        columns,
        key=lambda party: (party != wording.subject, is_plain[party], -moved[party], party),
    )


def _longest_column(members: Mapping[int, Sequence[str]]) -> int:
    for longest in range(MOST_NODES, 2, -1):
        if sum(min(len(parties), longest) for parties in members.values()) <= MOST_NODES:
            return longest
    return 2


def _by_group(groups: Mapping[str, str]) -> dict[str, list[str]]:
    boxes: dict[str, list[str]] = defaultdict(list)
    for party in sorted(groups):
        boxes[groups[party]].append(party)
    return boxes


def _merged(flows: Sequence[Flow], groups: Mapping[str, str]) -> list[Flow]:
    """The flows between boxes: those of parties left out are summed under their box."""
    pairs: dict[tuple[str, str], list[Flow]] = defaultdict(list)
    for flow in flows:
        pair = (groups.get(flow.payer, flow.payer), groups.get(flow.receiver, flow.receiver))
        if pair[0] != pair[1]:
            pairs[pair].append(flow)
    return [_sum_of(payer, receiver, parts) for (payer, receiver), parts in pairs.items()]


def _sum_of(payer: str, receiver: str, parts: Sequence[Flow]) -> Flow:
    return Flow(
        payer=payer,
        receiver=receiver,
        count=sum(part.count for part in parts),
        amount=sum((part.amount for part in parts), Decimal(0)),
        without_rate=sum(part.without_rate for part in parts),
        first=min(part.first for part in parts),
        last=max(part.last for part in parts),
        references=tuple(reference for part in parts for reference in part.references),
    )


def _places(shown: Mapping[str, int], drawn: Sequence[Flow]) -> dict[str, tuple[int, int]]:
    """The upper left corner of each box: columns from left to right, each centred in height."""
    members: dict[int, list[str]] = defaultdict(list)
    for party, column in shown.items():
        members[column].append(party)
    height = max(len(parties) for parties in members.values()) * (NODE_HEIGHT + ROW_GAP)
    places: dict[str, tuple[int, int]] = {}
    for column in sorted(members, key=lambda column: (abs(column), column)):
        ordered = _ordered(members[column], places, drawn)
        x = MARGIN + sorted(members).index(column) * (NODE_WIDTH + COLUMN_GAP)
        pitch = max(NODE_HEIGHT + ROW_GAP, min(height // len(ordered), 110))
        top = MARGIN + (height - pitch * len(ordered) + pitch - NODE_HEIGHT) // 2
        places.update({party: (x, top + row * pitch) for row, party in enumerate(ordered)})
    return places


def _ordered(
    parties: Sequence[str], places: Mapping[str, tuple[int, int]], drawn: Sequence[Flow]
) -> list[str]:
    """Beside those they deal with, so that few lines cross; the box of the rest comes last."""
    heights: dict[str, list[int]] = defaultdict(list)
    firsts: dict[str, str] = {}
    for flow in drawn:
        for own, other in ((flow.payer, flow.receiver), (flow.receiver, flow.payer)):
            firsts[own] = min(flow.first, firsts.get(own, flow.first))
            if other in places:
                heights[own].append(places[other][1])
    return sorted(
        parties,
        key=lambda party: (
            party.startswith("\x00"),
            sum(heights[party]) // max(1, len(heights[party])),
            firsts.get(party, ""),
            party,
        ),
    )


def _node(party: str, place: tuple[int, int], groups: Mapping[str, str], wording: Wording) -> Node:
    hidden = len(_by_group(groups).get(party, ()))
    name = f"{hidden} more" if hidden else party
    return Node(
        x=place[0],
        y=place[1],
        label=shortened(name, 19),
        party=name,
        note="all in the table" if hidden else _note(party, wording),
        tone=wording.tones.get(party, "plain"),
        is_subject=party == wording.subject,
        hidden=hidden,
    )


def _note(party: str, wording: Wording) -> str:
    role = wording.roles.get(party, "")
    if party != wording.subject:
        return role
    return f"Subject · {role[:1].lower()}{role[1:]}" if role else "Subject"


def _edges(
    places: Mapping[str, tuple[int, int]], drawn: Sequence[Flow], wording: Wording
) -> tuple[Edge, ...]:
    """The lines; where several would put their amounts in one spot, the first has their sum."""
    ends = [_ends(places[flow.payer], places[flow.receiver]) for flow in drawn]
    spots = [
        _label_place(flow, drawn, end[0], end[1]) for flow, end in zip(drawn, ends, strict=True)
    ]
    sharing: dict[tuple[int, int, str], list[Flow]] = defaultdict(list)
    for flow, spot in zip(drawn, spots, strict=True):
        sharing[spot].append(flow)
    return tuple(
        Edge(
            path=_curve(*end),
            title=flow_title(_named(flow), wording.currency),
            label=_label(sharing[spot]) if sharing[spot][0] is flow else "",
            label_x=spot[0],
            label_y=spot[1],
            anchor=spot[2],
        )
        for flow, end, spot in zip(drawn, ends, spots, strict=True)
    )


def _label(flows: Sequence[Flow]) -> str:
    total = _sum_of(flows[0].payer, flows[0].receiver, flows)
    times = "" if total.count == 1 else f" \N{MULTIPLICATION SIGN}{total.count}"
    return f"{'' if len(flows) == 1 else SUM_SIGN}{_short_amount(total)}{times}"


def _named(flow: Flow) -> Flow:
    names = ["the others" if name.startswith("\x00") else name for name in _pair(flow)]
    return _sum_of(names[0], names[1], [flow])


def _pair(flow: Flow) -> tuple[str, str]:
    return flow.payer, flow.receiver


def _ends(
    payer: tuple[int, int], receiver: tuple[int, int]
) -> tuple[tuple[int, int], tuple[int, int], tuple[int, int]]:
    """Where a line leaves, where it arrives, and how far each end runs straight (sign = way)."""
    (x1, y1), (x2, y2) = payer, receiver
    middle = NODE_HEIGHT // 2
    if x1 < x2:
        return (x1 + NODE_WIDTH, y1 + middle), (x2 - 7, y2 + middle), (95, -75)
    if x1 > x2:
        return (x1, y1 + middle + 9), (x2 + NODE_WIDTH + 7, y2 + middle + 9), (-95, 75)
    return (x1 + NODE_WIDTH, y1 + middle), (x2 + NODE_WIDTH + 7, y2 + middle), (50, 50)


def _curve(start: tuple[int, int], end: tuple[int, int], bend: tuple[int, int]) -> str:
    (x1, y1), (x2, y2) = start, end
    return f"M{x1},{y1} C{x1 + bend[0]},{y1} {x2 + bend[1]},{y2} {x2},{y2}"


def _label_place(
    flow: Flow, drawn: Sequence[Flow], start: tuple[int, int], end: tuple[int, int]
) -> tuple[int, int, str]:
    """Beside the end that has fewer lines, on the side from which its line bends away."""
    leaving = sum(each.payer == flow.payer for each in drawn)
    arriving = sum(each.receiver == flow.receiver for each in drawn)
    is_rightward = start[0] < end[0]
    near, far = (start, end) if leaving <= arriving else (end, start)
    is_left_of_box = (near == end) == is_rightward
    below = far[1] < near[1] if is_rightward else True
    x = near[0] + (-8 if is_left_of_box else 8)
    return x, near[1] + (15 if below else -5), "end" if is_left_of_box else "start"


def _short_amount(flow: Flow) -> str:
    """Without decimals when they are all zero, as labels have little room."""
    if flow.without_rate == flow.count:
        return "no rate"
    whole = flow.amount == flow.amount.to_integral_value()
    return format(flow.amount, ",.0f") if whole else format(flow.amount, ",f")


def _description(flows: Sequence[Flow], hidden: int, wording: Wording) -> str:
    parties = {name for flow in flows for name in _pair(flow)}
    first = parsed_time(min(flow.first for flow in flows))
    last = parsed_time(max(flow.last for flow in flows))
    period = f", {day(first)} to {day(last)}" if first and last else ""
    rest = f" {hidden} parties are summed up in boxes." if hidden else ""
    return (
        f"{len(flows)} flows between {len(parties)} parties around {wording.subject}{period}."
        f"{rest} The table below lists every flow."
    )
