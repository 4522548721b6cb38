"""What was judged since the last commit, so that small batches can share one."""

from collections.abc import Iterable, Sequence
from datetime import datetime

import polars as pl

from alerts.alert import ModelScore
from alerts.triage import ModelScores
from detectors.finding import Finding, TriggerKey
from detectors.networks import NetworkFindings
from models.evaluated import REPLACES, Evaluated

PLACE = ("since_time", "since_sequence", "since_hi", "since_lo", "since_side")
"""A movement's place in the total order."""


class Judged:
    """Findings of level 1 in the order judged; what is judged anew replaces what waits here."""

    def __init__(self) -> None:
        self.scores: dict[tuple[str, TriggerKey], ModelScore] = {}
        self._findings: list[Finding] = []
        self._replaces: list[pl.DataFrame] = [pl.DataFrame(schema=REPLACES)]

    def add(self, evaluated: Evaluated, findings: Sequence[Finding], scores: ModelScores) -> None:
        """Takes in what one evaluation gave."""
        self._findings = [*_kept(self._findings, evaluated.replaces), *findings]
        self._replaces.append(evaluated.replaces)
        self.scores.update(scores)

    @property
    def findings(self) -> Sequence[Finding]:
        return self._findings

    @property
    def replaces(self) -> pl.DataFrame:
        """REPLACES rows, one a holder: the earliest point from which anything was judged anew."""
        every = pl.concat(self._replaces)
        return every.sort("holder", *PLACE).unique("holder", keep="first", maintain_order=True)


def holders_since(findings: Iterable[Finding]) -> dict[str, datetime]:
    """From when on each holder's movements are needed to show what the findings rest on."""
    since: dict[str, datetime] = {}
    for citation in (each for finding in findings for each in finding.citations):
        since[citation.holder] = min(since.get(citation.holder, citation.since), citation.since)
    return since


def standing(networks: NetworkFindings) -> list[Finding]:
    """The findings of networks that stand from now on."""
    return [each for each in networks.values() if each is not None]


def _kept(findings: Sequence[Finding], replaces: pl.DataFrame) -> list[Finding]:
    """Those that stand before the point from which their holder was judged anew."""
    holders = {finding.holder for finding in findings}
    since = {
        holder: TriggerKey(time=time, sequence=sequence, txn=f"{hi:016x}{lo:016x}", side=side)
        for holder, time, sequence, hi, lo, side in replaces.select("holder", *PLACE)
        .filter(pl.col("holder").is_in(holders))
        .iter_rows()
    }
    return [
        finding
        for finding in findings
        if finding.holder not in since or finding.trigger < since[finding.holder]
    ]
