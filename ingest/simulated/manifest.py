"""What a folder of simulated data holds: options, counts, densities and the hash of every file."""

from collections import Counter
from collections.abc import Mapping
from hashlib import file_digest
from pathlib import Path

import msgspec
import numpy as np

from ingest.simulated.write import Written

MANIFEST = "manifest.json"


def write_manifest(
    folder: Path, written: Written, *, seed: int, options: Mapping[str, object]
) -> None:
    """manifest.json, of all files that stand in the folder now."""
    country, tally = written.country, written.tally
    schemes = Counter(f"{each.typologies[0]} {each.variant}" for each in country.schemes)
    look_alikes = Counter(each.kind for each in country.look_alikes)
    a_day = tally.rows_of / country.days
    content = {
        "seed": seed,
        "options": options,
        "counts": {
            "rows": tally.rows,
            "customers": len(country.people),
            "accounts": len(country.banks.accounts) + len(country.opened),
            "schemes": dict(sorted(schemes.items())),
            "look_alikes": dict(sorted(look_alikes.items())),
        },
        "densities": {
            "median": round(float(np.median(a_day)), 3),
            "mean": round(float(a_day.mean()), 3),
            "p90": round(float(np.quantile(a_day, 0.9)), 3),
        },
        "files": {
            str(path.relative_to(folder)): _digest(path)
            for path in sorted(folder.rglob("*"))
            if path.is_file() and path.name != MANIFEST
        },
    }
    text = msgspec.json.format(msgspec.json.encode(content), indent=2)
    (folder / MANIFEST).write_bytes(text + b"\n")


def _digest(path: Path) -> Mapping[str, object]:
    with path.open("rb") as file:
        return {"sha256": file_digest(file, "sha256").hexdigest(), "bytes": path.stat().st_size}
