"""Populations of bench/quality/seeds.toml: simulated, run and scored, each in its own process.

A population is kept until code or settings change, so a stopped command goes on where it was.
"""

import hashlib
import math
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter

import msgspec

from ingest.simulated.schemes import planters
from palermo.quality.labels import VARIANTS
from palermo.quality.proposals import Line
from palermo.quality.score import Score

FOLDER = Path(__file__).parent
ROOT = FOLDER.parents[1]
SEEDS = FOLDER / "seeds.toml"
PACKAGES = ("alerts", "detectors", "ingest", "models", "palermo")
MOST_SCHEMES_A_CUSTOMER = 0.08
"""Denser, schemes crowd out the honest life they hide in."""
AT_ONCE = 2
LONGEST_SECONDS = 7_200
"""A step that takes longer is ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One population. each: schemes of each typology and variant, over `schemes_per_10k`, as far
    as its people go."""

    name: str
    purpose: str
    customers: int
    days: int
    history: int
    seed: int
    schemes_per_10k: float = 0.0
    each: int | None = None

    @property
    def density(self) -> float:
        """Schemes per 10,000 customers."""
        if self.each is None:
            return self.schemes_per_10k
        return round(self.each * len(VARIANTS) * len(planters()) * 10_000 / self.customers, 3)


def read_parts() -> dict[str, list[Part]]:
    """The populations of each name, one for each of its seeds."""
    with SEEDS.open("rb") as file:
        return {
            name: [Part(name=name, seed=seed, **known) for seed in seeds]
            for name, known, seeds in (
                (name, part, part.pop("seeds")) for name, part in tomllib.load(file).items()
            )
        }


def at_most(part: Part, customers: int | None) -> Part:
    """The population with at most so many customers, and no more schemes than they bear."""
    if customers is None or customers >= part.customers:
        return part
    bearable = math.floor(customers * MOST_SCHEMES_A_CUSTOMER / (len(VARIANTS) * len(planters())))
    each = None if part.each is None else max(1, min(part.each, bearable))
    return replace(part, customers=customers, each=each)


def populate(parts: Sequence[Part], work: Path) -> None:
    """Simulates and runs what is not done yet, two at a time: a run takes little over one core."""
    with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
        list(pool.map(lambda part: _populate(part, _folder(part, work)), parts))


def measured(part: Part, work: Path, cuts: Mapping[Line, float] | None = None) -> Score:
    """The score of a population, which is simulated and run where that is not done yet."""
    folder = _folder(part, work)
    _populate(part, folder)
    given = [f"--cut={line}={cut!r}" for line, cut in (cuts or {}).items()]
    files = ("--labels", str(folder / "labels"), "--alerts", str(folder / "alerts.ndjson"))
    return msgspec.json.decode(_palermo("score", *files, "--json", *given), type=Score)


def _folder(part: Part, work: Path) -> Path:
    return work / f"{part.name}-{part.seed}"


def _populate(part: Part, folder: Path) -> None:
    """labels/, manifest.json, alerts.ndjson and summary.json; the feed and the run's other files
    are removed when they are no longer needed."""
    key = msgspec.json.encode([source_hash(), part, part.density]).decode()
    if _stamp(folder / "done") == key:
        print(f"{folder.name}: kept from before", flush=True)
        return
    country, out = folder / "country", folder / "out"
    if _stamp(folder / "simulated") != key:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        _palermo("simulate", "--out", str(country), *_options(part))
        (folder / "simulated").write_text(key)
    _palermo("run", "--feed", str(country), "--out", str(out))
    for kept in (country / "labels", country / "manifest.json", out / "summary.json"):
        shutil.move(kept, folder / kept.name)
    shutil.move(out / "alerts.ndjson", folder / "alerts.ndjson")
    (folder / "done").write_text(key)
    shutil.rmtree(country)
    shutil.rmtree(out)


def _palermo(*arguments: str) -> bytes:
    """What the command prints. Ends the bench with its message if it fails or takes too long."""
    started = perf_counter()
    command = [sys.executable, "-m", "palermo", "-q", *arguments]
    try:
        ended = subprocess.run(
            command, cwd=ROOT, stdout=subprocess.PIPE, check=False, timeout=LONGEST_SECONDS
        )
    except subprocess.TimeoutExpired:
        sys.exit(f"quality: palermo {arguments[0]} took more than {LONGEST_SECONDS} s; ended")
    if ended.returncode:
        sys.exit(f"quality: palermo {' '.join(arguments)} ended with {ended.returncode}")
    print(f"palermo {arguments[0]}: {perf_counter() - started:.0f} s", flush=True)
    return ended.stdout


def source_hash() -> str:
    """One hash over everything that decides what a population and its alerts are."""
    whole = hashlib.sha256()
    for path in _sources():
        whole.update(f"{path.relative_to(ROOT)}\0".encode())
        whole.update(path.read_bytes())
    return whole.hexdigest()


def _sources() -> Iterator[Path]:
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*")):
            is_code = path.is_file() and "__pycache__" not in path.parts
            # The score is made anew each time.
            if is_code and path.parent != ROOT / "palermo" / "quality":
                yield path


def _options(part: Part) -> Iterator[str]:
    for name in ("customers", "days", "history", "seed"):
        yield f"--{name}={getattr(part, name)}"
    yield f"--schemes-per-10k={part.density}"


def _stamp(path: Path) -> str | None:
    return path.read_text() if path.exists() else None
