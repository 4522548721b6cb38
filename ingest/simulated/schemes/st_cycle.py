"""Money that comes back to where it began."""

import numpy as np

from ingest.simulated.planted import Scheme, Stage, Variant
from ingest.simulated.relays import Hop, crew, days, kept, lump, scheme

TYPOLOGY = "st-cycle"


def plant(id: str, variant: Variant, stage: Stage, rng: np.random.Generator) -> Scheme:
    total, length = lump(rng), days(variant, rng)
    ring = crew(stage, 3, 6, rng)
    hops: list[Hop] = []
    for place, (payer, payee) in enumerate(zip(ring, [*ring[1:], ring[0]], strict=True)):
        day = length * (place + float(rng.uniform(0.05, 0.85))) / len(ring)
        hops.append((payer, payee, day, total))
        total *= kept(variant, rng)
    return scheme(id, TYPOLOGY, variant, stage, hops, rng)
