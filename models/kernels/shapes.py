"""Network shapes that a transfer completes, searched back from it through both lists.

Every search is a function of the transfers up to its trigger. It looks at no more than the last
LOOK_BACK transfers of a holder on a side (a hub's older ones do not relay), and at no more than
WORK in all; what is cut short is counted.
"""

from typing import Any, NamedTuple

import numpy as np
from numba import njit

from ingest.kernels.inner import inner, making
from models.kernels.transfers import NONE, STANDS, Int64s, Transfers, link, precedes

CYCLE, SCATTER_GATHER, GATHER_SCATTER, BIPARTITE, STACK, FAN_IN, FAN_OUT = range(7)
KINDS = 7

LOOK_BACK = 1_000
WORK = 4_000
"""Transfers one search may look at."""
MOST_CITED = 64
LONGEST_CYCLE = 10
MOST_CANDIDATES = 64
POT_PAYERS = 3

IN: Any = np.bool_(True)
OUT: Any = np.bool_(False)
NOTHING_YET: Any = np.int64(0)
"""Arguments of kernels. One that takes Python's own is compiled once for each value besides."""


class Limits(NamedTuple):
    """By kind: is_on; window in microseconds; least and most percent of the amount that a hop
    passes on (of a fan: least of what moved on its side in payments made once, most of that in
    one); least distinct parties on each side of the shape. Then a cycle's least hops, percent of
    its receipts that a gatherer has from the shape and percent of its payments that a go-between
    makes in it, how many payers make a payee a shop, percent of a fan's parties that the window
    before may not have, and how far back any search looks, in microseconds."""

    is_on: Int64s
    window: Int64s
    least_percent: Int64s
    most_percent: Int64s
    least_parties: Int64s
    least_hops: int
    least_share: int
    shop_payers: int
    usual_percent: int
    longest: int


CROWD = np.dtype([("since", np.int64), ("upto", np.int64)])
"""Transfers that stand for good within [since, upto], in microseconds, name so many others that
the holder is a shop; so it is at every later trigger whose window reaches back to `since`."""

NO_CROWD = np.iinfo(np.int64).min
"""A `since` to which no window reaches back."""

Crowds = Any
"""A record array of CROWD, holders x 2."""


class Room(NamedTuple):
    """The lists, and scratch by holder: a stamp is the clock of the search that wrote it, and the
    value beside it holds for that search only. `crowds`, by holder and side (0 = payees, 1 =
    payers), remembers shops: see CROWD."""

    transfers: Transfers
    last_out: Int64s
    last_in: Int64s
    stamp: Int64s
    other_stamp: Int64s
    other_value: Int64s
    clock: Int64s
    crowds: Crowds


class Alike(NamedTuple):
    """Others who pay the same several payees as the trigger's sender, as last looked for: `key` =
    trigger, window, least payees; `outcome` = how many, and the work it took. Two kinds of shape
    begin with them."""

    key: Int64s
    outcome: Int64s
    fellows: Int64s


class Found(NamedTuple):
    """One row a shape: kind, trigger, and where its transfers begin and end in `cited`."""

    kind: Int64s
    trigger: Int64s
    first: Int64s
    last: Int64s
    cited: Int64s


@njit(cache=True)
def search(room: Room, limits: Limits, triggers: Int64s, is_linked: bool, counts: Int64s) -> Found:
    """The shapes that the triggers complete, in their order. Triggers that are not in the lists
    yet (`is_linked` false; each later than all there) are hung in as they are searched, so that
    none walks past later ones. counts: searches made, cut short."""
    found = np.empty((64, 4), np.int64)
    cited = np.empty(1_024, np.int64)
    path = np.empty(MOST_CITED, np.int64)
    alike = Alike(
        np.full(3, NONE, np.int64), np.zeros(2, np.int64), np.empty(MOST_CANDIDATES, np.int64)
    )
    n, used = 0, 0
    for t in range(len(triggers)):
        if not is_linked:
            link(room.transfers, room.last_out, room.last_in, triggers[t])
        for kind in range(KINDS):
            if not limits.is_on[kind]:
                continue
            size = _completed(room, limits, kind, triggers[t], path, alike, counts)
            if size == 0:
                continue
            if n == len(found):
                found = np.concatenate((found, np.empty_like(found)))
            if used + size > len(cited):
                cited = np.concatenate((cited, np.empty_like(cited)))
            found[n, 0], found[n, 1], found[n, 2], found[n, 3] = (
                kind, triggers[t], used, used + size,
            )  # fmt: skip
            _copy(path, size, cited, used)
            n, used = n + 1, used + size
    return Found(
        found[:n, 0].copy(), found[:n, 1].copy(), found[:n, 2].copy(), found[:n, 3].copy(),
        cited[:used].copy(),
    )  # fmt: skip


@inner
def _copy(source: Int64s, count: int, target: Int64s, to: int) -> None:
    """The first so many of source into target; a slice would take seconds to compile."""
    for i in range(count):
        target[to + i] = source[i]


@njit(inline="always")
def _completed(
    room: Room, limits: Limits, kind: int, trigger: int, path: Int64s, alike: Alike,
    counts: Int64s,
) -> int:  # fmt: skip
    """Transfers of the shape of this kind that the trigger completes, into `path`; 0 if none."""
    if kind == CYCLE:
        size, work = cycle(room, limits, trigger, path)
    elif kind == SCATTER_GATHER:
        size, work = scatter_gather(room, limits, trigger, path)
    elif kind == GATHER_SCATTER:
        size, work = gather_scatter(room, limits, trigger, path)
    elif kind in (FAN_IN, FAN_OUT):
        size, work = fan(room, limits, trigger, path, kind)
    else:
        size, work = layers(room, limits, trigger, path, kind, alike)
    counts[0] += 1
    if work >= WORK:
        counts[1] += 1
    return size


@inner
def passes_on(transfers: Transfers, came: int, went: int, limits: Limits, kind: int) -> bool:
    """Whether `went` passes on what `came` brought: later, and of a conserved amount."""
    if not precedes(transfers, came, went):
        return False
    before, after = transfers.amount[came], transfers.amount[went]
    return bool(
        100 * after >= limits.least_percent[kind] * before
        and 100 * after <= limits.most_percent[kind] * before
    )


@inner
def counts_at(transfers: Transfers, at: int, trigger: int) -> bool:
    """Whether a transfer still stands when the trigger is judged."""
    return bool(transfers.cancelled[at] > transfers.time[trigger])


@inner
def newest(transfers: Transfers, before: Int64s, last: int, trigger: int) -> int:
    """The newest of a list at or before the trigger."""
    at = last
    while at != NONE and precedes(transfers, trigger, at):
        at = before[at]
    return int(at)


@making
def cycle(room: Room, limits: Limits, trigger: int, path: Int64s) -> tuple[int, int]:
    """Money that comes back to where it began: the hops in order, and the work it took.

    Depth first, newest first, so of several the one whose hops are the latest.
    """
    t = room.transfers
    origin, since = t.receiver[trigger], t.time[trigger] - limits.window[CYCLE]
    hops = LONGEST_CYCLE - 1
    most = t.amount[trigger] / (limits.least_percent[CYCLE] / 100.0) ** hops * 1.001
    least = t.amount[trigger] / (limits.most_percent[CYCLE] / 100.0) ** hops * 0.999
    # Without a payment of its own of such a size there is nothing that could come back.
    work, seen, began = 0, 0, NONE
    at = newest(t, t.before_out, room.last_out[origin], trigger)
    while at != NONE and t.time[at] > since and seen < LOOK_BACK:
        if least <= t.amount[at] <= most:
            began = at
        seen += 1
        at = t.before_out[at]
    work += seen
    if began == NONE:
        return 0, work
    back = np.empty(LONGEST_CYCLE, np.int64)
    cursor = np.empty(LONGEST_CYCLE, np.int64)
    looked = np.zeros(LONGEST_CYCLE, np.int64)
    back[0], depth = trigger, 0
    cursor[0] = newest(t, t.before_in, room.last_in[t.sender[trigger]], trigger)
    while depth >= 0:
        at = cursor[depth]
        is_over = at == NONE or looked[depth] >= LOOK_BACK or t.time[at] < t.time[began]
        if is_over or work >= WORK:
            depth -= 1
            continue
        cursor[depth] = t.before_in[at]
        looked[depth] += 1
        work += 1
        if not passes_on(t, at, back[depth], limits, CYCLE) or not counts_at(t, at, trigger):
            continue
        sender = t.sender[at]
        if sender == origin:
            if depth + 2 < limits.least_hops:
                continue
            back[depth + 1] = at
            if _is_savings_circle(room, back, depth + 2, trigger, since):
                continue
            for i in range(depth + 2):
                path[i] = back[depth + 1 - i]
            return depth + 2, work
        if depth + 2 >= LONGEST_CYCLE or _is_on(t, back, depth, sender):
            continue
        depth += 1
        back[depth], looked[depth] = at, 0
        cursor[depth] = newest(t, t.before_in, room.last_in[sender], trigger)
    return 0, work


@inner
def _is_savings_circle(room: Room, back: Int64s, hops: int, trigger: int, since: int) -> bool:
    """Whether every hop is of the very same amount, and a holder on the way was paid it by
    several: the pot goes round by itself."""
    t = room.transfers
    for i in range(1, hops):
        if t.amount[back[i]] != t.amount[back[0]]:
            return False
    for i in range(hops):  # noqa: SIM110 - any() over a generator does not compile
        if _is_pot(room, t.receiver[back[i]], trigger, since):
            return True
    return False


@making
def _is_pot(room: Room, holder: int, trigger: int, since: int) -> bool:
    """Whether a holder got the trigger's very amount from several."""
    t = room.transfers
    payers = np.empty(POT_PAYERS, np.int64)
    n, seen = 0, 0
    at = newest(t, t.before_in, room.last_in[holder], trigger)
    while at != NONE and t.time[at] > since and seen < LOOK_BACK:
        is_share = t.amount[at] == t.amount[trigger] and counts_at(t, at, trigger)
        if is_share and not _has(payers, n, t.sender[at]):
            payers[n] = t.sender[at]
            n += 1
            if n == POT_PAYERS:
                return True
        seen += 1
        at = t.before_in[at]
    return False


@inner
def _is_on(t: Transfers, back: Int64s, depth: int, holder: int) -> bool:
    for i in range(depth + 1):
        if t.sender[back[i]] == holder or t.receiver[back[i]] == holder:
            return True
    return False


@making
def scatter_gather(room: Room, limits: Limits, trigger: int, path: Int64s) -> tuple[int, int]:
    """One source paying one sink through several go-betweens: both legs of each, newest first."""
    t, kind = room.transfers, SCATTER_GATHER
    between, sink = t.sender[trigger], t.receiver[trigger]
    since, work = t.time[trigger] - limits.window[kind], 0
    sources = np.empty(MOST_CANDIDATES, np.int64)
    n, seen = 0, 0
    at = newest(t, t.before_in, room.last_in[between], trigger)
    while at != NONE and t.time[at] > since and seen < LOOK_BACK and n < MOST_CANDIDATES:
        sender = t.sender[at]
        is_leg = passes_on(t, at, trigger, limits, kind) and counts_at(t, at, trigger)
        if is_leg and sender != sink and not _has(sources, n, sender):
            sources[n] = sender
            n += 1
        seen += 1
        at = t.before_in[at]
    work += seen
    if n == 0:
        return 0, work
    # Whoever paid the sink, with what the sink got in all.
    room.clock[0] += 1
    mark, received, payers, seen = room.clock[0], 0, 0, 0
    at = newest(t, t.before_in, room.last_in[sink], trigger)
    while at != NONE and t.time[at] > since and seen < LOOK_BACK:
        if counts_at(t, at, trigger):
            received += t.amount[at]
            if room.stamp[t.sender[at]] != mark:
                room.stamp[t.sender[at]] = mark
                payers += 1
        seen += 1
        at = t.before_in[at]
    work += seen
    if payers < limits.least_parties[kind] or seen >= LOOK_BACK:
        return 0, work
    best, size = 0, 0
    legs = np.empty(MOST_CITED, np.int64)
    for s in range(n):
        parties, used, gathered, work = _paths(
            room, limits, trigger, sources[s], mark, since, legs, work
        )
        if parties > best and 100 * gathered >= limits.least_share * received:
            best, size = parties, used
            _copy(legs, used, path, 0)
    if best < limits.least_parties[kind]:
        return 0, work
    return size, work


@inner
def _has(values: Int64s, n: int, value: int) -> bool:
    for i in range(n):  # noqa: SIM110 - any() over a generator does not compile
        if values[i] == value:
            return True
    return False


@inner
def _paths(
    room: Room, limits: Limits, trigger: int, source: int, mark: int, since: int, legs: Int64s,
    work: int,
) -> tuple[int, int, int, int]:  # fmt: skip
    """Go-betweens from the source to the trigger's receiver, legs, sum gathered, work."""
    t, sink = room.transfers, room.transfers.receiver[trigger]
    room.clock[0] += 1
    own, parties, used, gathered, seen = room.clock[0], 0, 0, 0, 0
    at = newest(t, t.before_out, room.last_out[source], trigger)
    while at != NONE and t.time[at] > since and seen < LOOK_BACK and work < WORK:
        between = t.receiver[at]
        is_new = room.stamp[between] == mark and room.other_stamp[between] != own
        seen += 1
        work += 1
        if is_new and between != sink and counts_at(t, at, trigger):
            second, work = _second_leg(room, limits, trigger, at, sink, since, work)
            if second != NONE:
                room.other_stamp[between] = own
                parties += 1
                gathered += t.amount[second]
                if used + 2 <= len(legs):
                    legs[used], legs[used + 1] = at, second
                    used += 2
        at = t.before_out[at]
    return parties, used, gathered, work


@inner
def _second_leg(
    room: Room, limits: Limits, trigger: int, first: int, sink: int, since: int, work: int
) -> tuple[int, int]:
    """The newest payment to the sink that passes the first leg on, if it is most of what the
    go-between paid out; NONE if there is none."""
    t, between = room.transfers, room.transfers.receiver[first]
    second, paid, seen = NONE, 0, 0
    at = newest(t, t.before_out, room.last_out[between], trigger)
    while at != NONE and t.time[at] > since and seen < LOOK_BACK:
        if counts_at(t, at, trigger):
            paid += t.amount[at]
            is_leg = t.receiver[at] == sink and passes_on(t, first, at, limits, SCATTER_GATHER)
            if is_leg and second == NONE:
                second = at
        seen += 1
        at = t.before_out[at]
    if second != NONE and 100 * t.amount[second] < limits.least_share * paid:
        second = NONE
    return second, work + seen


@making
def gather_scatter(room: Room, limits: Limits, trigger: int, path: Int64s) -> tuple[int, int]:
    """Many pay one holder, who then pays many: what came, then what went, newest first.

    At least 90 % of what went left after at least 90 % of what came had arrived.
    """
    t, kind, holder = room.transfers, GATHER_SCATTER, room.transfers.sender[trigger]
    since = t.time[trigger] - limits.window[kind]
    ins, outs = np.empty(LOOK_BACK, np.int64), np.empty(LOOK_BACK, np.int64)
    n_out, went, payees = _side(room, trigger, holder, since, outs, OUT)
    if payees < limits.least_parties[kind]:
        return 0, n_out
    n_in, came, payers = _side(room, trigger, holder, since, ins, IN)
    work = n_in + n_out
    is_hub = n_in >= LOOK_BACK or n_out >= LOOK_BACK
    is_kept = (
        100 * went >= limits.least_percent[kind] * came
        and 100 * went <= limits.most_percent[kind] * came
    )
    if payers < limits.least_parties[kind] or is_hub or not is_kept:
        return 0, work
    later, turn = 0, 0
    while turn < n_in and 10 * (later + t.amount[ins[turn]]) <= came:
        later += t.amount[ins[turn]]
        turn += 1
    after = 0
    for i in range(n_out):
        if precedes(t, ins[turn], outs[i]):
            after += t.amount[outs[i]]
    if 10 * after < 9 * went:
        return 0, work
    kept_in, kept_out = min(n_in, MOST_CITED // 2), min(n_out, MOST_CITED // 2)
    _copy(ins, kept_in, path, 0)
    _copy(outs, kept_out, path, kept_in)
    return kept_in + kept_out, work


@making
def fan(room: Room, limits: Limits, trigger: int, path: Int64s, kind: int) -> tuple[int, int]:
    """Many pay one (FAN_IN), or one pays many, each of them once: their payments, newest first.
    A holder of many is a shop or an employer, and one who had about as many in the window before
    has a trade: none of a fan."""
    t, is_in = room.transfers, kind == FAN_IN
    holder = t.receiver[trigger] if is_in else t.sender[trigger]
    since = t.time[trigger] - limits.window[kind]
    others = np.empty(MOST_CANDIDATES, np.int64)
    parties, work = _neighbours(room, limits, trigger, holder, since, is_in, others, NOTHING_YET)
    if parties < limits.least_parties[kind]:
        return 0, work
    chosen = np.empty(LOOK_BACK, np.int64)
    n, total, _ = _side(room, trigger, holder, since, chosen, is_in)
    room.clock[0] += 1
    mark = room.clock[0]
    for i in range(n):
        other = t.sender[chosen[i]] if is_in else t.receiver[chosen[i]]
        if room.other_stamp[other] != mark:
            room.other_stamp[other], room.other_value[other] = mark, 0
        room.other_value[other] += 1
    once, moved, used, largest = 0, 0, 0, 0
    for i in range(n):
        other = t.sender[chosen[i]] if is_in else t.receiver[chosen[i]]
        if room.other_value[other] > 1:
            continue
        once += 1
        moved += t.amount[chosen[i]]
        largest = max(largest, t.amount[chosen[i]])
        if used < MOST_CITED:
            path[used] = chosen[i]
            used += 1
    is_even = 100 * largest <= limits.most_percent[kind] * moved
    is_most = 100 * moved >= limits.least_percent[kind] * total
    if once < limits.least_parties[kind] or not is_even or not is_most:
        return 0, n
    if _is_usual(room, limits, trigger, holder, since, once, kind):
        return 0, n
    return used, n


@inner
def _is_usual(
    room: Room, limits: Limits, trigger: int, holder: int, since: int, once: int, kind: int
) -> bool:
    """Whether in the window before a holder had at least `usual_percent` of so many others."""
    if limits.usual_percent <= 0:
        return False
    t, is_in = room.transfers, kind == FAN_IN
    room.clock[0] += 1
    mark, parties, seen = room.clock[0], 0, 0
    before = t.before_in if is_in else t.before_out
    at = newest(t, before, room.last_in[holder] if is_in else room.last_out[holder], trigger)
    while at != NONE and t.time[at] > since - limits.window[kind] and seen < LOOK_BACK:
        if t.time[at] <= since and counts_at(t, at, trigger):
            other = t.sender[at] if is_in else t.receiver[at]
            if room.stamp[other] != mark:
                room.stamp[other] = mark
                parties += 1
        seen += 1
        at = before[at]
    return bool(100 * parties >= limits.usual_percent * once)


@inner
def _side(
    room: Room, trigger: int, holder: int, since: int, chosen: Int64s, is_in: bool
) -> tuple[int, int, int]:
    """A holder's standing transfers on one side, newest first: how many, their sum, parties."""
    t = room.transfers
    room.clock[0] += 1
    mark, n, total, parties = room.clock[0], 0, 0, 0
    before = t.before_in if is_in else t.before_out
    last = room.last_in[holder] if is_in else room.last_out[holder]
    at = newest(t, before, last, trigger)
    while at != NONE and t.time[at] > since and n < LOOK_BACK:
        if counts_at(t, at, trigger):
            other = t.sender[at] if is_in else t.receiver[at]
            if room.stamp[other] != mark:
                room.stamp[other] = mark
                parties += 1
            chosen[n] = at
            total += t.amount[at]
            n += 1
        at = before[at]
    return n, total, parties


@making
def layers(
    room: Room, limits: Limits, trigger: int, path: Int64s, kind: int, alike: Alike
) -> tuple[int, int]:
    """Several payers of the same several payees (BIPARTITE), who were themselves paid by the same
    several (STACK): their payments, newest first. A payee of many payers is a shop and no link;
    a holder with as many payees, or in a stack payers, is a firm."""
    t, payer = room.transfers, room.transfers.sender[trigger]
    since, least = t.time[trigger] - limits.window[kind], limits.least_parties[kind]
    n, work = _payers_alike(room, limits, trigger, kind, alike)
    if n + 1 < least:
        return 0, work
    fellows = alike.fellows
    if kind == STACK:
        given = np.empty(MOST_CANDIDATES, np.int64)
        m, work = _fellows(room, limits, trigger, payer, since, kind, IN, given, work)
        fellows, n = _both(alike.fellows, n, given, m)
        if n + 1 < least:
            return 0, work
    used = NOTHING_YET
    room.clock[0] += 1
    mark = room.clock[0]
    room.stamp[payer] = mark
    for i in range(n):
        room.stamp[fellows[i]] = mark
    for is_in in range(2 if kind == STACK else 1):
        used, work = _shared(
            room, limits, trigger, payer, since, mark, is_in == 1, path, used, work
        )
    return used, work


@inner
def _payers_alike(
    room: Room, limits: Limits, trigger: int, kind: int, alike: Alike
) -> tuple[int, int]:
    """How many others share payees with the trigger's sender, and the work; found once a trigger
    for kinds that ask alike."""
    window, least = limits.window[kind], limits.least_parties[kind]
    key, outcome = alike.key, alike.outcome
    if key[0] != trigger or key[1] != window or key[2] != least:
        t = room.transfers
        outcome[0], outcome[1] = _fellows(
            room, limits, trigger, t.sender[trigger], t.time[trigger] - window, kind, OUT,
            alike.fellows, NOTHING_YET,
        )  # fmt: skip
        key[0], key[1], key[2] = trigger, window, least
    return outcome[0], outcome[1]


@making
def _both(fellows: Int64s, n: int, given: Int64s, m: int) -> tuple[Int64s, int]:
    both, kept = np.empty(MOST_CANDIDATES, np.int64), 0
    for i in range(n):
        if _has(given, m, fellows[i]):
            both[kept] = fellows[i]
            kept += 1
    return both, kept


@making
def _fellows(
    room: Room, limits: Limits, trigger: int, holder: int, since: int, kind: int, is_in: bool,
    fellows: Int64s, work: int,
) -> tuple[int, int]:  # fmt: skip
    """Others who share at least `least_parties` payees (payers, if is_in) with a holder."""
    t, least = room.transfers, limits.least_parties[kind]
    own = np.empty(LOOK_BACK, np.int64)
    n_own, _, parties = _side(room, trigger, holder, since, own, is_in)
    work += n_own
    if parties < least or parties > limits.shop_payers or n_own >= LOOK_BACK:
        return 0, work
    room.clock[0] += 1
    counted, n = room.clock[0], 0
    room.clock[0] += 1
    looked = room.clock[0]
    for i in range(n_own):
        other = t.sender[own[i]] if is_in else t.receiver[own[i]]
        if room.stamp[other] == looked or work >= WORK:
            continue
        room.stamp[other] = looked
        others = np.empty(MOST_CANDIDATES, np.int64)
        m, work = _neighbours(room, limits, trigger, other, since, not is_in, others, work)
        for j in range(m):
            fellow = others[j]
            if fellow == holder:
                continue
            if room.other_stamp[fellow] != counted:
                room.other_stamp[fellow], room.other_value[fellow] = counted, 0
            room.other_value[fellow] += 1
            if room.other_value[fellow] == least and n < MOST_CANDIDATES:
                fellows[n] = fellow
                n += 1
    return n, work


@inner
def _neighbours(
    room: Room, limits: Limits, trigger: int, holder: int, since: int, is_in: bool,
    others: Int64s, work: int,
) -> tuple[int, int]:  # fmt: skip
    """Distinct payers (payees) of a holder, newest first; none if they are a shop's, whose work is
    that of its `shop_payers`, however they were found."""
    t, m, seen = room.transfers, 0, 0
    crowd, most = room.crowds[holder, 1 if is_in else 0], limits.shop_payers
    if crowd.since > since and crowd.upto < t.time[trigger]:
        return 0, work + most
    before = t.before_in if is_in else t.before_out
    last = room.last_in[holder] if is_in else room.last_out[holder]
    at = newest(t, before, last, trigger)
    is_for_good = True
    while at != NONE and t.time[at] > since:
        seen += 1
        if counts_at(t, at, trigger):
            other = t.sender[at] if is_in else t.receiver[at]
            if not _has(others, m, other):
                is_for_good &= t.cancelled[at] == STANDS
                if m >= most:
                    if is_for_good:
                        crowd.since, crowd.upto = t.time[at], t.time[trigger]
                    return 0, work + most
                others[m] = other
                m += 1
        if seen >= LOOK_BACK:
            return 0, work + most
        at = before[at]
    return m, work + seen


@making
def _shared(
    room: Room, limits: Limits, trigger: int, holder: int, since: int, mark: int, is_in: bool,
    path: Int64s, used: int, work: int,
) -> tuple[int, int]:  # fmt: skip
    """Transfers between the marked holders and those of this one's payees (payers) whom at least
    one other of them shares."""
    t = room.transfers
    own = np.empty(LOOK_BACK, np.int64)
    kept = np.empty(MOST_CITED, np.int64)
    members = np.empty(MOST_CANDIDATES, np.int64)
    for i in range(len(members)):
        members[i] = NONE
    n_own, n_members = 0, 0
    before = t.before_in if is_in else t.before_out
    at = newest(t, before, room.last_in[holder] if is_in else room.last_out[holder], trigger)
    while at != NONE and t.time[at] > since and n_own < LOOK_BACK:
        own[n_own] = at
        n_own += 1
        at = before[at]
    for i in range(n_own):
        if not counts_at(t, own[i], trigger):
            continue
        other = t.sender[own[i]] if is_in else t.receiver[own[i]]
        if _has(members, n_members, other) or n_members >= MOST_CANDIDATES:
            continue
        members[n_members] = other
        n_members += 1
        back = t.before_out if is_in else t.before_in
        at = newest(t, back, room.last_out[other] if is_in else room.last_in[other], trigger)
        n, is_shared, seen = 0, False, 0
        while at != NONE and t.time[at] > since and seen < LOOK_BACK:
            fellow = t.receiver[at] if is_in else t.sender[at]
            if room.stamp[fellow] == mark and counts_at(t, at, trigger):
                is_shared = is_shared or fellow != holder
                if n < MOST_CITED:
                    kept[n] = at
                    n += 1
            seen += 1
            at = back[at]
        work += seen
        is_shop = _is_shop(room, limits, trigger, other, since, not is_in)
        if is_shared and not is_shop:
            for j in range(min(n, MOST_CITED - used)):
                path[used] = kept[j]
                used += 1
    return used, work


@making
def _is_shop(
    room: Room, limits: Limits, trigger: int, holder: int, since: int, is_in: bool
) -> bool:
    others = np.empty(MOST_CANDIDATES, np.int64)
    m, _ = _neighbours(room, limits, trigger, holder, since, is_in, others, NOTHING_YET)
    return m == 0
