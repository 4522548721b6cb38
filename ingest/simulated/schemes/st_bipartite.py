"""Several payers who all pay the same payees."""

import numpy as np

from ingest.simulated.planted import Scheme, Stage, Variant
from ingest.simulated.relays import Hop, crew, days, lump, scheme

TYPOLOGY = "st-bipartite"


def plant(id: str, variant: Variant, stage: Stage, rng: np.random.Generator) -> Scheme:
    total, length = lump(rng), days(variant, rng)
    payers, payees = crew(stage, 3, 5, rng), crew(stage, 3, 5, rng)
    hops: list[Hop] = [
        (payer, payee, length * float(rng.uniform(0, 1)), total / 12 * float(rng.uniform(0.5, 1.5)))
        for payer in payers
        for payee in payees
    ]
    return scheme(id, TYPOLOGY, variant, stage, hops, rng)
