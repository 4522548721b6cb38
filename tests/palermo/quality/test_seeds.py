"""The populations of the quality page."""

import tomllib
from pathlib import Path

SEEDS = Path(__file__).parents[3] / "bench" / "quality" / "seeds.toml"


def test_no_reporting_seed_is_tuned_on() -> None:
    parts = tomllib.loads(SEEDS.read_text())
    by_purpose = {
        purpose: {part["seed"] for part in parts.values() if part["purpose"] == purpose}
        for purpose in ("tuning", "reporting", "guard")
    }

    assert by_purpose["tuning"].isdisjoint(by_purpose["reporting"] | by_purpose["guard"])
    assert sum(map(len, by_purpose.values())) == len(parts)
