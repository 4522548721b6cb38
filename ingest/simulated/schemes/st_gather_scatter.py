"""Gathered from many by one, then paid out to many."""

import numpy as np

from ingest.simulated.planted import Scheme, Stage, Variant
from ingest.simulated.relays import Hop, crew, days, kept, lump, scheme

TYPOLOGY = "st-gather-scatter"


def plant(id: str, variant: Variant, stage: Stage, rng: np.random.Generator) -> Scheme:
    total, length = lump(rng), days(variant, rng)
    payers, (hub,), payees = (
        crew(stage, 4, 8, rng),
        crew(stage, 1, 1, rng),
        crew(stage, 4, 8, rng),
    )
    hops: list[Hop] = [
        (each, hub, length * float(rng.uniform(0, 0.4)), total / len(payers)) for each in payers
    ]
    rest = total * kept(variant, rng) / len(payees)
    hops += [(hub, each, 1 + length * float(rng.uniform(0.5, 1)), rest) for each in payees]
    return scheme(id, TYPOLOGY, variant, stage, hops, rng)
