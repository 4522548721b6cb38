"""What people write beside a transfer, each in the script they write, few of them what it is for.

Honest people write of debts, visas and fares far more often than criminals do, because there are so
many more of them.
"""

from collections.abc import Iterable, Mapping

import numpy as np
import polars as pl

from ingest.simulated.planted import SchemeTold

SCRIPTS = ("lao", "latin", "thai", "chinese", "vietnamese")
SCRIPT_SHARES = (0.80, 0.07, 0.06, 0.04, 0.03)

SAID_SHARE = 0.4
"""Of transfers between people, those with a text."""

TELLING_SHARE = 0.15
"""Of what is written in a scheme, that which names its business."""

PHRASES: Mapping[str, tuple[str, ...]] = {
    "goods": ("ຄ່າເຄື່ອງ", "goods", "ค่าของ", "货款", "tiền hàng"),
    "thanks": ("ຂອບໃຈ", "thanks", "ขอบคุณ", "谢谢", "cảm ơn"),
    "food": ("ຄ່າອາຫານ", "food", "ค่าอาหาร", "饭钱", "tiền ăn"),
    "gift": ("ຂອງຂວັນ", "gift", "ของขวัญ", "礼物", "quà"),
    "house": ("ຄ່າເຮືອນ", "house", "ค่าบ้าน", "房子", "tiền nhà"),
    "school": ("ຄ່າຮຽນ", "school fees", "ค่าเทอม", "学费", "học phí"),
    "medicine": ("ຄ່າປິ່ນປົວ", "medical bill", "ค่ารักษา", "医药费", "viện phí"),
    "debt": ("ໃຊ້ໜີ້", "repayment", "ใช้หนี้", "还债", "trả nợ"),
    "fare": ("ຄ່າລົດ", "transport fee", "ค่ารถ", "车费", "tiền xe"),
    "room": ("ຄ່າຫ້ອງ", "room fee", "ค่าห้องพัก", "房费", "tiền phòng"),
    "papers": ("ຄ່າວີຊາ", "visa", "ค่าวีซ่า", "签证", "thị thực"),
    "finder": ("ຄ່ານາຍໜ້າ", "agent fee", "ค่านายหน้า", "中介费", "phí môi giới"),
    "release": ("ຄ່າໄຖ່", "ransom", "ค่าไถ่", "赎金", "tiền chuộc"),
}
"""By subject, in the order of the scripts."""

SUBJECTS: Mapping[str, float] = {
    "goods": 0.24,
    "thanks": 0.2,
    "food": 0.2,
    "gift": 0.08,
    "house": 0.05,
    "school": 0.06,
    "medicine": 0.03,
    "debt": 0.06,
    "fare": 0.04,
    "room": 0.03,
    "papers": 0.006,
    "finder": 0.003,
    "release": 0.001,
}
"""How often honest people write of each, against each other."""

BUSINESS: Mapping[str, str] = {
    "som-collector-fanin": "fare",
    "som-escrow-release": "fare",
    "sc-family-ransom": "release",
    "fl-wage-recapture": "debt",
    "sx-bride-broker": "papers",
    "sc-recruit-travel": "finder",
    "cse-stream-facilitator": "school",
}
"""What those in a scheme write of where they write what it is for."""

NUMBER = r"(\d+)"
"""In an id, who it is."""

SPREAD = 2_654_435_761
"""Multiplied by it, neighbouring numbers lie far apart modulo 2^32."""


def scripts_of(numbers: pl.Series) -> pl.Series:
    """The script that the person of each number in their id writes, by place among SCRIPTS."""
    chance = (numbers.to_numpy().astype(np.uint64) * SPREAD % 2**32) / 2**32
    return pl.Series(np.searchsorted(np.cumsum(SCRIPT_SHARES), chance, side="right")).clip(
        upper_bound=len(SCRIPTS) - 1
    )


class Texts:
    """Writes the texts of a country's transfers."""

    def __init__(self, schemes: Iterable[SchemeTold], rng: np.random.Generator) -> None:
        self._rng = rng
        subjects = tuple(PHRASES)
        self._business = {
            each.id: subjects.index(BUSINESS[each.typologies[0]])
            for each in schemes
            if each.typologies[0] in BUSINESS
        }

    def written(self, rows: pl.DataFrame) -> pl.DataFrame:
        """ROW rows with the texts of those that are transfers between people."""
        count, shares = len(rows), np.array(list(SUBJECTS.values()))
        life = self._rng.choice(len(shares), count, p=shares / shares.sum())
        business = rows["scheme"].replace_strict(
            self._business, default=None, return_dtype=pl.Int64
        )
        is_told = pl.Series(self._rng.random(count) < TELLING_SHARE) & business.is_not_null()
        subject = pl.select(pl.when(is_told).then(business).otherwise(pl.Series(life))).to_series()
        payer = pl.coalesce("orig_party_id", "orig_account_id").str.extract(NUMBER)
        script = scripts_of(rows.select(payer.cast(pl.UInt64).fill_null(0)).to_series())
        phrases = pl.Series([text for texts in PHRASES.values() for text in texts])
        text = phrases.gather(subject * len(SCRIPTS) + script)
        is_said = (
            (rows["txn_type"] == "TRANSFER")
            & rows["merchant_id"].is_null()
            & pl.Series(self._rng.random(count) < SAID_SHARE)
        )
        return rows.with_columns(remittance_text=pl.when(is_said).then(text))
