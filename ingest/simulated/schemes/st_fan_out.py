"""A sum scattered from one account to many, each paid once."""

import numpy as np

from ingest.simulated.country import KIP_PER_USD
from ingest.simulated.planted import Scheme, Stage, Variant
from ingest.simulated.relays import Hop, crew, days, scheme

TYPOLOGY = "st-fan-out"


def plant(id: str, variant: Variant, stage: Stage, rng: np.random.Generator) -> Scheme:
    """Evasive: fewer of them, over more days."""
    total = KIP_PER_USD * float(np.exp(rng.uniform(np.log(4_000), np.log(90_000))))
    length, (hub,) = days(variant, rng), crew(stage, 1, 1, rng)
    others = crew(stage, 5, 12, rng) if variant == "evasive" else crew(stage, 9, 20, rng)
    weights = rng.uniform(0.4, 1.6, len(others))
    hops: list[Hop] = [
        (hub, each, length * float(rng.uniform(0, 1)), total * float(weight))
        for each, weight in zip(others, weights / weights.sum(), strict=True)
    ]
    return scheme(id, TYPOLOGY, variant, stage, hops, rng)
