"""Rows in the shape of a Czech bank's export of 1993: delimited, quoted, dates without time.

Two uses: ordinary life in that shape, and two schemes planted into a copy of an export. One row is
one account's own; a transfer within the bank is two rows, and its bank column is empty.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import islice
from pathlib import Path

import numpy as np

HEADERS = {
    "trans.asc": "trans_id account_id date type operation amount balance k_symbol bank account",
    "account.asc": "account_id district_id frequency date",
    "client.asc": "client_id birth_number district_id",
    "disp.asc": "disp_id client_id account_id type",
}
LINE_END = "\r\n"
TORN_ROW = '9999999;1;940331;"PRIJE'

COLLECTOR, RECEIVER = 900_001, 900_002
FEEDERS = (900_003, 900_004, 900_005)
DISTRICTS = 77
FEE = 4_350
FEE_PAYERS = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportRow:
    """One row of trans.asc. amount in whole crowns; account: of the other side."""

    account_id: int
    day: date
    type: str
    operation: str
    amount: int
    k_symbol: str = ""
    bank: str = ""
    account: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """An account of the bank with its owner, who has the same number."""

    account_id: int
    district: int
    opened: date


def write_export(folder: Path, *, accounts: int, days: int, rng: np.random.Generator) -> None:
    """Ordinary life of `accounts` account holders from 1 January 1993; the last row is torn."""
    first = date(1993, 1, 1)
    holders = [
        Holder(account_id=n, district=1 + int(rng.integers(0, DISTRICTS)), opened=first)
        for n in range(1, accounts + 1)
    ]
    folder.mkdir(parents=True, exist_ok=True)
    for name, header in HEADERS.items():
        columns = ";".join(f'"{column}"' for column in header.split())
        (folder / name).write_bytes(f"{columns}{LINE_END}".encode())
    _append_holders(folder, holders)
    rows = [row for holder in holders for row in _life(holder, first, days, rng)]
    lines = _lines(sorted(rows, key=lambda row: row.day), first_id=1)
    with (folder / "trans.asc").open("ab") as file:
        file.writelines([*lines, TORN_ROW.encode()])


def plant_schemes(folder: Path, *, on: date, rng: np.random.Generator) -> None:
    """Two schemes laid into an export, in order of date, the torn last row left where it is.

    A collector is paid one price by account holders of many districts and draws it the next day;
    three accounts get small credits from other banks and pass them on to one receiver. Their
    accounts and owners are new, the payers are the export's own.
    """
    payers = _payers(folder / "account.asc", folder / "trans.asc")
    schemes = [*_fees(payers, on), *_drained(on, rng)]
    new = [
        Holder(account_id=account, district=1 + number * 7, opened=on)
        for number, account in enumerate((COLLECTOR, RECEIVER, *FEEDERS))
    ]
    _append_holders(folder, new)
    _merge(folder / "trans.asc", schemes)


def _life(holder: Holder, first: date, days: int, rng: np.random.Generator) -> Iterable[ExportRow]:
    """A month: pay or pension in, cash out, the household's order, interest, a statement fee."""
    pay, is_pension = int(rng.integers(4_000, 16_000)), rng.random() < 0.3
    other = str(int(rng.integers(10_000_000, 99_999_999)))
    for start in range(holder.account_id % 30 - 8, days - 30, 30):
        month = first + timedelta(days=start)
        if is_pension:
            yield _credit(holder.account_id, month, 8, pay, k_symbol="DUCHOD", other=other)
        else:
            yield _cash(holder.account_id, month, 8, pay, "PRIJEM", "VKLAD")
        for day in sorted(rng.integers(9, 28, 3)):
            drawn = int(pay * rng.uniform(0.1, 0.3)) // 100 * 100
            yield _cash(holder.account_id, month, int(day), drawn, "VYDAJ", "VYBER")
        yield _debit(holder.account_id, month, 12, pay // 5, k_symbol="SIPO", other=other)
        yield _cash(holder.account_id, month, 29, 15, "VYDAJ", "VYBER", k_symbol="SLUZBY")
        yield _cash(holder.account_id, month, 29, 40, "PRIJEM", "", k_symbol="UROK")


def _fees(payers: Sequence[int], on: date) -> Iterable[ExportRow]:
    """Two payers a day, each leg its own row; the cash is drawn the day after."""
    for number, payer in enumerate(payers):
        day = number // 2
        yield _debit(payer, on, day, FEE, other=str(COLLECTOR), bank="")
        yield _credit(COLLECTOR, on, day, FEE, other=str(payer), bank="")
        yield _cash(COLLECTOR, on, day + 1, FEE - 100, "VYDAJ", "VYBER")


def _drained(on: date, rng: np.random.Generator) -> Iterable[ExportRow]:
    for feeder in FEEDERS:
        for day in range(0, 28, 3):
            amount = int(rng.integers(400, 1_500))
            client = str(int(rng.integers(10_000_000, 99_999_999)))
            yield _credit(feeder, on, day, amount, other=client)
            yield _debit(feeder, on, day + 1, amount - 10, other=str(RECEIVER), bank="")
            yield _credit(RECEIVER, on, day + 1, amount - 10, other=str(feeder), bank="")


def _payers(accounts: Path, transactions: Path) -> list[int]:
    """Account holders of the export who have moved money, one a district while there are any."""
    moved = {line.split(b";")[1] for line in _rows_of(transactions)}
    by_district: dict[bytes, list[int]] = {}
    for line in _rows_of(accounts):
        account, district, *_ = line.split(b";")
        if account in moved:
            by_district.setdefault(district, []).append(int(account))
    ranks = range(max(map(len, by_district.values())))
    in_turn = (
        group[n] for n in ranks for _, group in sorted(by_district.items()) if n < len(group)
    )
    return list(islice(in_turn, FEE_PAYERS))


def _merge(path: Path, planted: Iterable[ExportRow]) -> None:
    """Each planted row before the first row of a later date; ids above all others."""
    header, *rows, last = path.read_bytes().splitlines(keepends=True)
    new = sorted(planted, key=lambda row: row.day)
    dated = [(_date_of(row), row) for row in rows]
    dated += [
        (f"{row.day:%y%m%d}".encode(), line)
        for row, line in zip(new, _lines(new, first_id=8_000_001), strict=True)
    ]
    in_order = [line for _, line in sorted(dated, key=lambda pair: pair[0])]
    path.write_bytes(b"".join([header, *in_order, last]))


def _append_holders(folder: Path, holders: Iterable[Holder]) -> None:
    for holder in holders:
        who, opened = holder.account_id, f"{holder.opened:%y%m%d}"
        _append(folder / "account.asc", f'{who};{holder.district};"POPLATEK MESICNE";{opened}')
        _append(folder / "client.asc", f'{who};"";{holder.district}')
        _append(folder / "disp.asc", f'{who};{who};{who};"OWNER"')


def _append(path: Path, line: str) -> None:
    with path.open("ab") as file:
        file.write(f"{line}{LINE_END}".encode())


def _lines(rows: Iterable[ExportRow], *, first_id: int) -> list[bytes]:
    return [
        (
            f'{number};{row.account_id};{row.day:%y%m%d};"{row.type}";"{row.operation}";'
            f'{row.amount}.00;0.00;"{row.k_symbol}";{_quoted(row.bank)};{_quoted(row.account)}'
            f"{LINE_END}"
        ).encode()
        for number, row in enumerate(rows, start=first_id)
    ]


def _quoted(text: str) -> str:
    return f'"{text}"' if text else ""


def _rows_of(path: Path) -> list[bytes]:
    return [line for line in path.read_bytes().splitlines()[1:] if line.count(b";") >= 3]


def _date_of(line: bytes) -> bytes:
    return line.split(b";")[2]


def _cash(
    account: int,
    month: date,
    day: int,
    amount: int,
    type: str,
    operation: str,
    *,
    k_symbol: str = "",
) -> ExportRow:
    return ExportRow(
        account_id=account,
        day=month + timedelta(days=day),
        type=type,
        operation=operation,
        amount=amount,
        k_symbol=k_symbol,
    )


def _credit(account: int, month: date, day: int, amount: int, **other: str) -> ExportRow:
    return _transfer(account, month, day, amount, "PRIJEM", "PREVOD Z UCTU", **other)


def _debit(account: int, month: date, day: int, amount: int, **other: str) -> ExportRow:
    return _transfer(account, month, day, amount, "VYDAJ", "PREVOD NA UCET", **other)


def _transfer(
    account: int,
    month: date,
    day: int,
    amount: int,
    type: str,
    operation: str,
    *,
    other: str,
    bank: str = "ZZ",
    k_symbol: str = "",
) -> ExportRow:
    """`other` is an account at the fictional bank ZZ, or at this one if `bank` is empty."""
    return ExportRow(
        account_id=account,
        day=month + timedelta(days=day),
        type=type,
        operation=operation,
        amount=amount,
        k_symbol=k_symbol,
        bank=bank,
        account=other,
    )
