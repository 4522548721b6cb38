"""Layers that pass money on from group to group."""

from itertools import pairwise

import numpy as np

from ingest.simulated.planted import Scheme, Stage, Variant
from ingest.simulated.relays import Hop, crew, days, kept, lump, scheme

TYPOLOGY = "st-stack"


def plant(id: str, variant: Variant, stage: Stage, rng: np.random.Generator) -> Scheme:
    total, length = lump(rng), days(variant, rng)
    layers = [crew(stage, 2, 3, rng) for _ in range(3)]
    hops: list[Hop] = []
    for depth, (payers, payees) in enumerate(pairwise(layers)):
        part = total / len(payers) / len(payees)
        hops += [
            (payer, payee, depth * (1 + length / 2) + length * float(rng.uniform(0, 0.4)), part)
            for payer in payers
            for payee in payees
        ]
        total *= kept(variant, rng)
    return scheme(id, TYPOLOGY, variant, stage, hops, rng)
