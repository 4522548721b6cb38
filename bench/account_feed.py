"""A feed in the shape of public laundering benchmarks: account-to-account rows, patterns hidden
in a random background, labels beside it. Written from the published names of the patterns, knowing
nothing of any detector's threshold.

    python bench/account_feed.py OUT.csv --accounts 10000 --days 30 --patterns 12 --seed 1
"""

import argparse
import csv
import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

START = datetime(2026, 3, 1, tzinfo=UTC)
HEADER = (
    "Timestamp",
    "From Bank",
    "Account",
    "To Bank",
    "Account",
    "Amount Received",
    "Receiving Currency",
    "Amount Paid",
    "Payment Currency",
    "Payment Format",
    "Is Laundering",
)
FORMATS = ("Wire", "ACH", "Cheque", "Credit Card", "Cash")
SHAPES = (
    "fan_in",
    "fan_out",
    "cycle",
    "bipartite",
    "stack",
    "scatter_gather",
    "gather_scatter",
)
PAYMENTS_A_DAY = 0.4
"""Of an account, on average."""

Hop = tuple[int, int, float, float]
"""Payer, payee, day, amount."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pattern:
    """One hidden scheme. shape: of SHAPES; accounts: its members."""

    shape: str
    accounts: tuple[str, ...]


def account(number: int) -> tuple[str, str]:
    """Bank and account number."""
    return f"{number % 29:03d}", f"8{number:08X}"


def name(number: int) -> str:
    """As the mapping of the example joins them."""
    return " ".join(account(number))


def written(path: Path, *, accounts: int, days: int, patterns: int, seed: int) -> list[Pattern]:
    """Writes the rows in order of time; the patterns among them, `patterns` of each shape."""
    chance = random.Random(seed)
    rows: list[tuple[Hop, int]] = [(hop, 0) for hop in background(chance, accounts, days)]
    hidden = []
    for shape in SHAPES * patterns:
        hops = list(scheme(chance, shape, accounts, days))
        members = sorted({party for hop in hops for party in hop[:2]})
        hidden.append(Pattern(shape=shape, accounts=tuple(name(each) for each in members)))
        rows.extend((hop, 1) for hop in hops)
    rows.sort(key=lambda row: row[0][2])
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow(HEADER)
        for (payer, payee, day, amount), label in rows:
            at = START + timedelta(days=day)
            money = f"{amount:.2f}"
            out.writerow(
                (
                    f"{at:%Y/%m/%d %H:%M}",
                    *account(payer),
                    *account(payee),
                    money,
                    "US Dollar",
                    money,
                    "US Dollar",
                    chance.choice(FORMATS),
                    label,
                )
            )
    return hidden


def background(chance: random.Random, accounts: int, days: int) -> Iterator[Hop]:
    """Payments between accounts of power-law busyness; half of them to known payees."""
    weights = [1 / (rank + 8) ** 0.8 for rank in range(accounts)]
    order = list(range(accounts))
    chance.shuffle(order)
    count = int(accounts * days * PAYMENTS_A_DAY)
    payers = chance.choices(order, weights=[w**0.6 for w in weights], k=count)
    payees = chance.choices(order, weights=weights, k=count)
    known: dict[int, list[int]] = {}
    for payer, stranger in zip(payers, payees, strict=True):
        own = known.setdefault(payer, [])
        payee = chance.choice(own) if own and chance.random() < 0.5 else stranger
        own.append(payee)
        if payer != payee:
            yield payer, payee, chance.random() * days, chance.lognormvariate(5.5, 1.3)


def scheme(chance: random.Random, shape: str, accounts: int, days: int) -> Iterator[Hop]:
    """The payments of one pattern: 3 to 12 days long, sums of thousands, margins to 12 %."""
    length = chance.uniform(3, 12)
    start = chance.uniform(0, days - length)
    end = start + length
    total = chance.uniform(3_000, 60_000)
    members = iter(chance.sample(range(accounts), 60))

    def some(least: int, most: int) -> list[int]:
        return [next(members) for _ in range(chance.randint(least, most))]

    def kept() -> float:
        return 1 - chance.uniform(0.0, 0.12)

    def between(early: float, late: float) -> float:
        return start + length * chance.uniform(early, late)

    if shape == "fan_in":
        sink, payers = next(members), some(5, 14)
        for payer in payers:
            yield payer, sink, between(0, 1), total / len(payers) * chance.uniform(0.7, 1.3)
    elif shape == "fan_out":
        source, payees = next(members), some(5, 14)
        for payee in payees:
            yield source, payee, between(0, 1), total / len(payees) * chance.uniform(0.7, 1.3)
    elif shape == "cycle":
        ring = some(3, 7)
        times = sorted(chance.uniform(start, end) for _ in ring)
        for at, payer, payee in zip(times, ring, [*ring[1:], ring[0]], strict=True):
            yield payer, payee, at, total
            total *= kept()
    elif shape == "bipartite":
        for payer, payee in _pairs(some(3, 6), some(3, 6)):
            yield payer, payee, between(0, 1), total / 12 * chance.uniform(0.5, 1.5)
    elif shape == "stack":
        first, middle, last = some(2, 4), some(2, 5), some(2, 4)
        for payer, payee in _pairs(first, middle):
            yield payer, payee, between(0, 0.45), total / 8 * chance.uniform(0.8, 1.2)
        for payer, payee in _pairs(middle, last):
            yield payer, payee, between(0.55, 1), total / 8 * kept() * chance.uniform(0.8, 1.2)
    elif shape == "scatter_gather":
        source, sink, between_them = next(members), next(members), some(4, 12)
        for each in between_them:
            leg = total / len(between_them) * chance.uniform(0.7, 1.3)
            yield source, each, between(0, 0.45), leg
            yield each, sink, between(0.5, 1), leg * kept()
    else:
        payers, hub, payees = some(4, 10), next(members), some(4, 10)
        for payer in payers:
            yield payer, hub, between(0, 0.45), total / len(payers) * chance.uniform(0.7, 1.3)
        for payee in payees:
            yield hub, payee, between(0.5, 1), total / len(payees) * kept()


def _pairs(payers: list[int], payees: list[int]) -> Iterator[tuple[int, int]]:
    return ((payer, payee) for payer in payers for payee in payees)


def recall(patterns: list[Pattern], alerts: Path) -> dict[str, tuple[int, int]]:
    """By shape: patterns of which an alert cites two members or more as parties, and how many
    there are."""
    seen = [
        {role["party"] for role in alert["roles"]} | {alert["subject"]["id"]}
        for alert in map(json.loads, alerts.read_text("utf-8").splitlines())
    ]
    found: dict[str, tuple[int, int]] = {}
    for pattern in patterns:
        hits, count = found.get(pattern.shape, (0, 0))
        is_found = any(parties & set(pattern.accounts) for parties in seen)
        found[pattern.shape] = (hits + is_found, count + 1)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("path", type=Path)
    parser.add_argument("--accounts", type=int, default=10_000)
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--patterns", type=int, default=12)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    hidden = written(
        given.path,
        accounts=given.accounts,
        days=given.days,
        patterns=given.patterns,
        seed=given.seed,
    )
    labels = given.path.with_suffix(".patterns.json")
    labels.write_text(
        json.dumps([{"shape": p.shape, "accounts": p.accounts} for p in hidden], indent=1), "utf-8"
    )


if __name__ == "__main__":
    main()
