"""What the profiles give to the detectors: one row a subject, trigger and variant."""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from ingest.transaction import UTC_MICROSECONDS
from models.mask import Test

TEST_NAMES = tuple(name.lower() for name in Test.__members__)
TRIGGER: dict[str, pl.DataType] = {
    "holder": pl.String(),
    "holder_kind": pl.String(),
    "account": pl.String(),
    "trigger_time": UTC_MICROSECONDS,
    "trigger_sequence": pl.Int64(),
    "trigger_hi": pl.UInt64(),
    "trigger_lo": pl.UInt64(),
    "trigger_side": pl.Int8(),
    "trigger_reference": pl.String(),
    "trigger_source": pl.String(),
    "variant": pl.Int8(),
    "armed": pl.UInt64(),
    "history_days": pl.Int64(),
    "is_capped": pl.Boolean(),
    "usd_minor": pl.Int64(),
    "threshold_minor": pl.Int64(),
    "income_minor": pl.Int64(),
    **dict.fromkeys((f"explained_{test}" for test in TEST_NAMES), pl.Int64()),
    "moved": pl.Int64(),
    "tests": pl.Int64(),
    **dict.fromkeys((f"holder_explained_{test}" for test in TEST_NAMES), pl.Int64()),
    "holder_moved": pl.Int64(),
    "holder_tests": pl.Int64(),
}
"""variant 0 = all movements, 1 = without those an exculpation test explains, 2 = own past: the
window before, (t - 2W, t - W]. `armed` has bit i set for the i-th arm. Money in minor units of the
base currency: `usd_minor` one US dollar, `threshold_minor` the cash reporting threshold (null:
none known), `income_minor` declared monthly income, `explained_*` and `moved` value in the 30 days
up to the trigger on the trigger's account, `tests` bits of the exculpation tests that explain
anything in 60 days, `holder_*` on all accounts of the holder (0 where no
armed typology asks for that scope). holder_kind is customer, or account where the holder is
unknown. One column a feature follows, by its name, nullable: text where the feature's value is a
name, else whole numbers."""

REPLACES: dict[str, pl.DataType] = {
    "holder": pl.String(),
    "since_time": UTC_MICROSECONDS,
    "since_sequence": pl.Int64(),
    "since_hi": pl.UInt64(),
    "since_lo": pl.UInt64(),
    "since_side": pl.Int8(),
}
"""Every earlier finding of `holder` whose trigger is at or after this point is replaced."""

LEDGER: dict[str, pl.DataType] = {
    "holder": pl.String(),
    "time": UTC_MICROSECONDS,
    "sequence": pl.Int64(),
    "txn_hi": pl.UInt64(),
    "txn_lo": pl.UInt64(),
    "side": pl.Int8(),
    "account": pl.String(),
    "reference": pl.String(),
    "source_id": pl.String(),
    "mask": pl.UInt64(),
    "amount_base": pl.Int64(),
    "amount": pl.String(),
    "currency": pl.String(),
    "txn_type": pl.String(),
    "channel": pl.String(),
    "counterparty": pl.String(),
    "counterparty_account": pl.String(),
    "counterparty_region": pl.String(),
    "place": pl.String(),
    "region": pl.String(),
    "device": pl.String(),
    "local_offset_min": pl.Int16(),
    "cancelled_by": pl.String(),
}
"""The movements findings rest on. side 0 = out (the holder's account is debited), 1 = in. Total
order: (time, sequence, txn_hi, txn_lo, side). `counterparty` is a party: the holder of the other
account, else that account, else the conductor of a cash deposit."""


NO_LEDGER = pl.DataFrame(schema=LEDGER)


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluated:
    """features: TRIGGER columns and one column a feature. replaces: REPLACES rows."""

    features: pl.DataFrame
    replaces: pl.DataFrame


def together(evaluated: Sequence[Evaluated]) -> Evaluated:
    """What engines that share no holder gave, at least one, one after the other."""
    return Evaluated(
        features=pl.concat([each.features for each in evaluated]),
        replaces=pl.concat([each.replaces for each in evaluated]),
    )
