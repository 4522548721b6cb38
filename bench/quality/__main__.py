"""`python -m bench.quality guard|accept|page`: how good Palermo is on simulated countries.

guard: one population against bench/quality/baseline.json; exit 1 at a fall of over two points.
accept: what guard measures becomes the baseline. page: docs/quality.md, its pictures, the cuts.
"""

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from bench.quality.page import Readings, write_page
from bench.quality.populations import (
    FOLDER,
    ROOT,
    Part,
    at_most,
    measured,
    populate,
    read_parts,
)
from palermo.quality.guard import fallen_figures, figures
from palermo.quality.proposals import Line

CUTS = FOLDER / "cuts.json"
BASELINE = FOLDER / "baseline.json"


class Cuts(msgspec.Struct, frozen=True, kw_only=True):
    """The cuts of the last page and the population they were set on."""

    release: str
    seed: int
    customers: int
    cuts: dict[Line, float]


def main() -> None:
    given = _arguments()
    parts = read_parts()
    if given.verb == "page":
        make_page(parts, given.work, given.customers)
    elif given.verb == "accept":
        write_json(BASELINE, _guarded(parts, given.work))
    else:
        guard(_guarded(parts, given.work))


def guard(now: Mapping[str, float]) -> None:
    """Ends with 1 and every figure that fell."""
    if not BASELINE.exists():
        sys.exit(f"quality: {BASELINE} is not there; `python -m bench.quality accept` writes it")
    baseline = msgspec.json.decode(BASELINE.read_bytes(), type=dict[str, float])
    print(f"{'higher is better':<40} baseline     now")
    for name, value in baseline.items():
        print(f"{name:<40} {value:8.3f} {now.get(name, 0.0):7.3f}")
    fallen = fallen_figures(baseline, now)
    if fallen:
        print(f"quality fell by more than two points: {', '.join(fallen)}")
        print("if it is meant: `python -m bench.quality accept`, and say why in the commit")
        sys.exit(1)
    print(f"quality: none of {len(baseline)} figures fell by more than two points")


def make_page(parts: Mapping[str, Sequence[Part]], work: Path, customers: int | None) -> None:
    """The cut from one base-rate population, precision from another, recall from dense ones."""
    small = {
        name: [at_most(part, customers) for part in parts[name]]
        for name in ("cut", "base_rate", "enriched")
    }
    populate([part for same in small.values() for part in same], work)
    (cut,) = (measured(part, work) for part in small["cut"])
    (base_rate,) = (measured(part, work, cut.cuts) for part in small["base_rate"])
    readings = Readings(
        planned={name: same[0].customers for name, same in parts.items()},
        cut=cut,
        base_rate=base_rate,
        enriched=[measured(part, work, cut.cuts) for part in small["enriched"]],
    )
    known = cut.population
    cuts = Cuts(
        release=cut.release, seed=known.seed, customers=known.customers, cuts=dict(cut.cuts)
    )
    write_json(CUTS, cuts)
    print(f"written: {write_page(readings)}")


def _guarded(parts: Mapping[str, Sequence[Part]], work: Path) -> dict[str, float]:
    (part,) = parts["guard"]
    return figures(measured(part, work, known_cuts()))


def known_cuts() -> Mapping[Line, float]:
    """The cuts the last page set."""
    if not CUTS.exists():
        sys.exit(f"quality: {CUTS} is not there; `make quality-full` sets the cuts")
    return msgspec.json.decode(CUTS.read_bytes(), type=Cuts).cuts


def write_json(path: Path, document: object) -> None:
    path.write_bytes(msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n")
    print(f"written: {path}")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.quality", description=__doc__)
    parser.add_argument("verb", choices=("guard", "accept", "page"))
    parser.add_argument("--work", type=Path, default=ROOT / ".quality", help="kept populations")
    parser.add_argument("--customers", type=int, help="at most so many in a population of the page")
    return parser.parse_args()


if __name__ == "__main__":
    main()
