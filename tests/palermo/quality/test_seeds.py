"""The populations of the quality page."""

import tomllib
from pathlib import Path

SEEDS = Path(__file__).parents[3] / "bench" / "quality" / "seeds.toml"


def test_no_reporting_seed_is_tuned_on() -> None:
    parts = tomllib.loads(SEEDS.read_text())
    by_purpose = {
        purpose: [
            seed for part in parts.values() if part["purpose"] == purpose for seed in part["seeds"]
        ]
        for purpose in ("tuning", "reporting", "guard")
    }

    every = [seed for seeds in by_purpose.values() for seed in seeds]
    assert len(every) == len(set(every)) == sum(len(part["seeds"]) for part in parts.values())
    assert all(by_purpose.values())
