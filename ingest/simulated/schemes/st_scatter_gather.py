"""A sum split over go-betweens and joined again."""

import numpy as np

from ingest.simulated.planted import Scheme, Stage, Variant
from ingest.simulated.relays import Hop, crew, days, kept, lump, scheme

TYPOLOGY = "st-scatter-gather"


def plant(id: str, variant: Variant, stage: Stage, rng: np.random.Generator) -> Scheme:
    total, length = lump(rng), days(variant, rng)
    source, sink = crew(stage, 2, 2, rng)
    between = crew(stage, 4, 9, rng)
    hops: list[Hop] = []
    for each in between:
        part = total / len(between) * float(rng.uniform(0.7, 1.3))
        out = length * float(rng.uniform(0, 0.4))
        hops.append((source, each, out, part))
        hops.append((each, sink, out + 1 + length * 0.5, part * kept(variant, rng)))
    return scheme(id, TYPOLOGY, variant, stage, hops, rng)
