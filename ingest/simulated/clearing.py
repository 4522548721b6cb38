"""What becomes of what people want to pay: who can, what it costs, when it arrives."""

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import polars as pl

from ingest.simulated.banks import OUTSIDE, Banks
from ingest.simulated.country import CURRENCY
from ingest.simulated.ledger import Bools, Ledger, Payments
from ingest.simulated.life import money_brought
from ingest.simulated.nation import RATES
from ingest.simulated.people import Indices, People
from ingest.simulated.rows import DAY, HOUR, ROW, SECOND

SLOWEST_CREDIT = 40
"""Seconds until the payee's bank has what the payer's has sent."""
SURE_SHARE = 0.3
"""Of what is paid in everyday life without the money for it: so often it is brought in time."""
USUAL_BALANCE, BALANCE_SPREAD = 1.2, 1.0
"""At the beginning, in months of income: the median, and sigma of the logarithm."""
SPARE = 0.2
"""Of a month's income, brought beside what lacks: the median."""
BROUGHT_WITHIN = 6 * HOUR

UNDOES: dict[str, pl.DataType] = {"undoes_payer": pl.String(), "undoes_payee": pl.String()}
WANTED: dict[str, pl.DataType] = ROW | UNDOES
"""What people want to pay. A return names what the banks of payer and payee call the payment that
it undoes, each its own; its sides are those of that payment."""

CLEARED: dict[str, pl.DataType] = WANTED | {
    name: pl.Int64()
    for name in (
        "deed",
        "orig_at",
        "benef_at",
        "orig_bank",
        "benef_bank",
        "credited_at",
        "orig_after",
        "benef_after",
    )
}
"""Number of the payment in order of time, from 0 in every block; positions of accounts and of their
banks (OUTSIDE: none of ours), when the taker has it, and what is on the accounts of persons
afterwards, in kip."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fee:
    """What a bank asks for a payment: `kip[n]` from `least_kip[n]` kip on."""

    least_kip: tuple[int, ...]
    kip: tuple[int, ...]

    def of(self, amount: Indices) -> Indices:
        step = np.searchsorted(np.array(self.least_kip), amount, side="right")
        return np.array((0, *self.kip), dtype=np.int64)[step]


TO_ANOTHER_BANK = Fee(least_kip=(500_000, 5_000_000, 50_000_000), kip=(2_000, 5_000, 20_000))
AT_A_COUNTER = Fee(least_kip=(20_000_000,), kip=(10_000,))
IN_FOREIGN_MONEY = Fee(least_kip=(1,), kip=(30_000,))


def wanted_of(rows: pl.DataFrame) -> pl.DataFrame:
    """ROW rows as WANTED ones: none of them undoes another."""
    return rows.with_columns(
        pl.lit(None, dtype=dtype).alias(name) for name, dtype in UNDOES.items()
    )


class Clearing:
    """The balances of all customers, from block to block of days."""

    def __init__(self, people: People, banks: Banks, rng: np.random.Generator) -> None:
        self._people, self._banks, self._rng = people, banks, rng
        months = USUAL_BALANCE * rng.lognormal(0.0, BALANCE_SPREAD, len(people))
        self._ledger = Ledger((people.income * months).astype(np.int64))

    def cleared(self, wanted: pl.DataFrame, *, start: int, end: int) -> pl.DataFrame:
        """What is paid of what is wanted (WANTED rows in any order) from the moment `start` until
        before `end`, with the fees, and with what somebody brings to pay for it: CLEARED rows in
        no order. What schemes and look-alikes do is always paid."""
        told = self._told(wanted, end).filter(_is_to_another())
        payments = self._payments(told)
        spare = self._spare(payments.giver)
        judged = self._ledger.judged(payments, is_sure=self._are_sure(told), spare=spare)
        made = told.with_columns(brought=judged.brought).filter(pl.Series(judged.is_made))
        paid = pl.concat([made.drop("brought"), _fees(made), self._brought(made, start, end)])
        paid = paid.with_columns(turn=_ranks(paid))
        posted = self._ledger.post(self._payments(paid.with_columns(fee=pl.lit(0))))
        is_undone = _are_undone(paid)
        after = {
            "orig": np.where(is_undone, posted.taken, posted.given),
            "benef": np.where(is_undone, posted.given, posted.taken),
        }
        return (
            paid.drop("fee")
            .with_columns(
                pl.when(pl.col(f"{side}_at").is_between(0, len(self._people) - 1))
                .then(pl.Series(balance))
                .alias(f"{side}_after")
                for side, balance in after.items()
            )
            .rename({"turn": "deed"})
        )

    def _told(self, wanted: pl.DataFrame, end: int) -> pl.DataFrame:
        """With positions of accounts, banks, the fee, the time of the credit, and the turn among
        what happens at the same moment."""
        sides = {
            f"{side}_at": pl.Series(self._banks.positions(wanted[f"{side}_account_id"]))
            for side in ("orig", "benef")
        }
        banks = {
            f"{side}_bank": pl.Series(self._banks.banks_at(at.to_numpy()))
            for side, at in zip(("orig", "benef"), sides.values(), strict=True)
        }
        wait = pl.Series(self._rng.integers(1, SLOWEST_CREDIT + 1, len(wanted)) * SECOND)
        both = wanted.with_columns(**sides, **banks)
        is_between = (
            (pl.col("orig_bank") != pl.col("benef_bank"))
            & (pl.col("orig_bank") != OUTSIDE)
            & (pl.col("benef_bank") != OUTSIDE)
            & pl.col("merchant_id").is_null()
        )
        arrives = pl.min_horizontal(pl.col("event_time") + wait, end - SECOND)
        return both.with_columns(
            credited_at=pl.when(is_between).then(arrives).otherwise("event_time"),
            fee=_fee(both),
            turn=3 * pl.int_range(pl.len(), dtype=pl.Int64),
        )

    def _payments(self, told: pl.DataFrame) -> Payments:
        """Firms pay from accounts of their own without end."""
        last = len(self._people) - 1
        sides = [
            np.where(told[name].to_numpy() > last, OUTSIDE, told[name].to_numpy())
            for name in ("orig_at", "benef_at")
        ]
        is_undone = _are_undone(told)
        return Payments(
            turn=told["turn"].to_numpy(),
            giver=np.where(is_undone, sides[1], sides[0]),
            taker=np.where(is_undone, sides[0], sides[1]),
            amount=_kip(told),
            fee=told["fee"].to_numpy(),
            given_at=told["event_time"].to_numpy(),
            taken_at=told["credited_at"].to_numpy(),
        )

    def _are_sure(self, told: pl.DataFrame) -> Bools:
        is_planted = told["scheme"].is_not_null().to_numpy()
        return is_planted | (self._rng.random(len(told)) < SURE_SHARE)

    def _spare(self, giver: Indices) -> Indices:
        income = np.where(giver >= 0, self._people.income[giver], 0)
        return (income * SPARE * self._rng.lognormal(0.0, BALANCE_SPREAD, len(giver))).astype(
            np.int64
        )

    def _brought(self, made: pl.DataFrame, start: int, end: int) -> pl.DataFrame:
        """What comes in on the same day, before what it is for."""
        needed = made.filter(pl.col("brought") > 0)
        time = needed["event_time"].to_numpy()
        room = np.minimum(np.minimum(time % DAY, time - start), BROUGHT_WITHIN)
        wait = room * self._rng.random(len(time))
        rows = money_brought(
            self._people,
            self._payments(needed).giver,
            amount=needed["brought"].to_numpy(),
            time=time - (wait // SECOND * SECOND).astype(np.int64),
            rng=self._rng,
        )
        turn = needed["turn"] - 1
        told = self._told(wanted_of(rows), end)
        return told.with_columns(turn=turn).select(made.drop("brought").columns)


def _ranks(paid: pl.DataFrame) -> pl.Series:
    """Of each row its place in order of time; of one moment, in order of turns."""
    ranks = np.empty(len(paid), dtype=np.int64)
    ranks[np.lexsort((paid["turn"].to_numpy(), paid["event_time"].to_numpy()))] = np.arange(
        len(paid)
    )
    return pl.Series(ranks)


def _is_to_another() -> pl.Expr:
    """Nobody sends money to the account that it comes from."""
    return (pl.col("orig_at") != pl.col("benef_at")) | (pl.col("orig_at") == OUTSIDE)


def _are_undone(told: pl.DataFrame) -> Bools:
    return (told["undoes_payer"].is_not_null() | told["undoes_payee"].is_not_null()).to_numpy()


def _kip(told: pl.DataFrame) -> Indices:
    """Amounts in kip; rates are exact to the hundredth."""
    hundredths = {CURRENCY: 100} | {code: int(Fraction(rate) * 100) for code, rate in RATES.items()}
    rate = told["currency"].replace_strict(hundredths, return_dtype=pl.Int64)
    kip: Indices = (told["amount"] * rate // 100).to_numpy()
    return kip


def _fee(told: pl.DataFrame) -> pl.Series:
    """By amount and channel, of whoever pays."""
    kip = _kip(told)
    is_free = (told["orig_bank"] == OUTSIDE).to_numpy() | _are_undone(told)
    is_sent = (told["txn_type"] == "TRANSFER") & told["merchant_id"].is_null()
    is_between = is_sent & (told["orig_bank"] != told["benef_bank"])
    is_foreign = is_between & (told["currency"] != CURRENCY)
    is_drawn = (told["txn_type"] == "CASH_WITHDRAWAL") & (told["channel"] == "BRANCH")
    fee = np.select(
        [is_free, is_foreign, is_between, is_drawn],
        [0, IN_FOREIGN_MONEY.of(kip), TO_ANOTHER_BANK.of(kip), AT_A_COUNTER.of(kip)],
        default=0,
    )
    return pl.Series(fee)


def _fees(made: pl.DataFrame) -> pl.DataFrame:
    """What the payer's bank takes, at the moment of the payment, in rows of its own."""
    asked = made.filter(pl.col("fee") > 0)
    same = ("event_time", "channel", "orig_account_id", "orig_party_id", "orig_region", "delay")
    also = ("orig_at", "orig_bank", "benef_bank")
    told = {
        "txn_type": pl.lit("FEE"),
        "direction": pl.lit("DEBIT"),
        "is_cash": pl.lit(value=False),
        "is_cross_border": pl.lit(value=False),
        "amount": pl.col("fee"),
        "currency": pl.lit(CURRENCY),
        "purpose_code": pl.lit("FEES"),
        "benef_at": pl.lit(OUTSIDE, dtype=pl.Int64),
        "benef_bank": pl.lit(OUTSIDE, dtype=pl.Int64),
        "credited_at": pl.col("event_time"),
        "turn": pl.col("turn") + 1,
        "fee": pl.col("fee"),
    }
    columns = made.drop("brought").schema
    return asked.select(
        (
            told.get(name, pl.col(name) if name in (*same, *also) else pl.lit(None, dtype=dtype))
        ).alias(name)
        for name, dtype in columns.items()
    )
