"""Findings become alerts: gathered at receivers, folded into episodes, gated, written, published.

What comes out depends on the current findings and movements alone, never on the order or the
batches they came in.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import polars as pl
import sqlalchemy as sa

from alerts import kept, ledger, register
from alerts.alert import Alert, AlertRevision, House, ModelScore, Origin, Reproduce
from alerts.content import write_alert
from alerts.dossier import Background, Cited, Dossier
from alerts.episode import Episode, fold, raised_by, strongest
from alerts.kept import KeptFinding, LinkedSignal, Outline, SubjectKey
from alerts.order import key_time, keys_between, moment, movement_key, order_key
from alerts.register import Span
from alerts.relations import declared_relations
from alerts.scoring import ScoreTable
from alerts.settings import AlertSettings
from alerts.store import StoreTransaction
from alerts.storm import must_be_held
from alerts.totals import BaseMoney
from detectors.finding import Finding, Link, LinkKind, SubjectKind, TriggerKey
from detectors.gathering import gather
from detectors.networks import NetworkFindings
from detectors.typology import Definition, GatheringTypology
from ingest.reference import References
from ingest.times import MICROSECOND, microseconds

ModelScores = Mapping[tuple[str, TriggerKey], ModelScore]
"""What a model says of the movement that triggered a finding, by holder and trigger."""


@dataclass(slots=True)
class Touched:
    """Whose alerts may have changed, and between which times; against whom something that can
    stand alone came or went; signals of which typology and kind of link, by which links, and since
    when. Times are microseconds since the epoch."""

    subjects: dict[SubjectKey, tuple[int, int]] = field(default_factory=dict)
    accused: set[SubjectKey] = field(default_factory=set)
    links: dict[tuple[str, LinkKind], dict[str, int]] = field(default_factory=dict)

    def subject(self, subject: SubjectKey, time: int, *, is_accused: bool) -> None:
        first, last = self.subjects.get(subject, (time, time))
        self.subjects[subject] = (min(first, time), max(last, time))
        if is_accused:
            self.accused.add(subject)

    def link(self, typology: str, link: Link, time: int) -> None:
        links = self.links.setdefault((typology, link.kind), {})
        links[link.id] = min(links.get(link.id, time), time)

    def also(self, others: "Touched") -> None:
        """Takes in the subjects of others."""
        for subject, times in others.subjects.items():
            for time in times:
                self.subject(subject, time, is_accused=subject in others.accused)

    def among(self, subjects: Collection[SubjectKey]) -> "Touched":
        """Of these subjects alone."""
        chosen = {each: times for each, times in self.subjects.items() if each in subjects}
        return Touched(subjects=chosen, accused=self.accused & chosen.keys())


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """revisions: of the alerts that changed. looked: the alerts that were written, changed or not.
    left: who has an alert that rests, and is to be looked at again."""

    revisions: Sequence[AlertRevision]
    looked: frozenset[str]
    left: Touched


@dataclass(slots=True, kw_only=True)
class _Rest:
    """Alerts that rest; while alerts are written, which were, and whose rest was kept."""

    resting: Collection[str]
    looked: set[str] = field(default_factory=set)
    left: set[SubjectKey] = field(default_factory=set)


class Triage:
    """The last stage of a run.

    definitions: every typology that is on, by id. All other arguments are the same for a whole
    run; what of them changes an alert's content is named in `reproduce`.
    """

    def __init__(
        self,
        *,
        definitions: Mapping[str, Definition],
        references: References,
        settings: AlertSettings,
        scores: ScoreTable,
        money: BaseMoney,
        reproduce: Reproduce,
        house: House = "bank",
        origin: Origin = "live",
    ) -> None:
        self._background = Background(
            definitions=definitions,
            references=references,
            relations=declared_relations(references),
            settings=settings,
            scores=scores,
            money=money,
            reproduce=reproduce,
            house=house,
            origin=origin,
        )
        self._gatherings = [
            each for _, each in sorted(definitions.items()) if isinstance(each, GatheringTypology)
        ]

    def apply(
        self,
        tx: StoreTransaction,
        *,
        findings: Sequence[Finding],
        replaces: pl.DataFrame,
        ledger: pl.DataFrame,
        model_scores: ModelScores | None = None,
        networks: NetworkFindings | None = None,
        legs: pl.DataFrame | None = None,
    ) -> Sequence[AlertRevision]:
        """Takes in one step and writes what it changes; arguments as in `take` and
        `take_networks`."""
        touched = self.take(
            tx, findings=findings, replaces=replaces, ledger=ledger, model_scores=model_scores
        )
        if networks:
            assert legs is not None
            touched.also(self.take_networks(tx, networks, legs))
        return self.write(tx, touched).revisions

    def take(
        self,
        tx: StoreTransaction,
        *,
        findings: Sequence[Finding],
        replaces: pl.DataFrame,
        ledger: pl.DataFrame,
        model_scores: ModelScores | None = None,
    ) -> Touched:
        """Whose alerts a step may change; they are to be written in the same transaction, or to be
        kept as due in it.

        findings: of level 1, each triggered at or after its holder's row in `replaces` (REPLACES
        columns). ledger: LEDGER rows of their holders, at least from the earliest moment that one
        of the findings cites. model_scores: see ModelScores; absent ones leave `model` empty.
        """
        touched = self._replace(tx.connection, findings, replaces, ledger, model_scores or {})
        for definition in self._gatherings:
            since = touched.links.get((definition.gathers, definition.link))
            if since:
                self._gather(tx.connection, definition, since, touched)
        return touched

    def take_networks(
        self, tx: StoreTransaction, networks: NetworkFindings, legs: pl.DataFrame
    ) -> Touched:
        """As `take`. networks: what became of network shapes; legs: LEDGER rows, with the movements
        of all they cite among them. They rest on many holders' movements, so they are replaced by
        key, not by holder, and keep what they cite with them."""
        touched = Touched()
        old = kept.gathered_at(
            tx.connection, {(key.typology, key.holder, order_key(key.trigger)) for key in networks}
        )
        new = [finding for _, finding in sorted(networks.items()) if finding is not None]
        kept.drop(tx.connection, [outline.id for outline in old])
        kept.insert(tx.connection, new, is_gathered=True, legs=ledger.packed_legs(legs, new))
        for outline in old:
            touched.subject(outline.subject, key_time(outline.order_key), is_accused=True)
        for finding in new:
            time = microseconds(finding.trigger.time)
            touched.subject(_subject(finding), time, is_accused=True)
        return touched

    def write(
        self, tx: StoreTransaction, touched: Touched, *, resting: Collection[str] = ()
    ) -> Written:
        """Raises, amends, withdraws or supersedes the alerts of those touched; those that rest stay
        as they are: writing one costs the more the longer it is, and a busy one changes all the
        time."""
        rest = _Rest(resting=resting)
        changed = list(self._refold(tx.connection, touched, rest))
        return Written(
            revisions=register.write_history(tx.connection, changed),
            looked=frozenset(rest.looked),
            left=touched.among(rest.left),
        )

    def final_alerts(self, tx: StoreTransaction) -> list[Alert]:
        """What stands now: status open, with case proposals, by (first_at, alert_id)."""
        return register.open_alerts(tx.connection)

    def movements(self, tx: StoreTransaction, alert_id: str) -> pl.DataFrame:
        """The movements an alert's typologies rest on (LEDGER columns, total order), the feeders'
        included; empty if there is no such alert or it does not stand any more."""
        found = register.find(tx.connection, alert_id)
        if found is None or not found.is_current:
            return ledger.ledger_frame([])
        subject = register.subject_of(found)
        first, last = keys_between(found.first_time, found.last_time)
        outlines = kept.outlines_of(tx.connection, subject, first, last)
        cited = self._cited(tx.connection, strongest(Episode(subject=subject, outlines=outlines)))
        entries = {(e.holder, e.order_key): e for each in cited for e in each.entries}
        return ledger.ledger_frame(list(entries.values()))

    def cited_holders(self, tx: StoreTransaction, alert_id: str) -> frozenset[str]:
        """Whose movements the findings of an alert's episode cite, the feeders' included; empty if
        there is no such alert or it does not stand any more."""
        found = register.find(tx.connection, alert_id)
        if found is None or not found.is_current:
            return frozenset()
        bounds = keys_between(found.first_time, found.last_time)
        outlines = kept.outlines_of(tx.connection, register.subject_of(found), *bounds)
        loaded = kept.load(tx.connection, [outline.id for outline in outlines])
        return frozenset(
            citation.holder for each in loaded.values() for citation in each.finding.citations
        )

    def _replace(
        self,
        connection: sa.Connection,
        findings: Sequence[Finding],
        replaces: pl.DataFrame,
        movements: pl.DataFrame,
        model_scores: ModelScores,
    ) -> Touched:
        touched = Touched()
        # Of most holders nothing was ever found: a step costs what it finds, not what it reads.
        known = kept.holders(connection) | ledger.holders(connection)
        since = dict(_since(replaces.filter(pl.col("holder").is_in(known))))
        gone = list(kept.triggered(connection, since))
        links = kept.links_of(connection, [outline.id for outline in gone if outline.is_signal])
        for outline in gone:
            touched.subject(
                outline.subject, key_time(outline.order_key), is_accused=not outline.is_signal
            )
            for link in links.get(outline.id, ()):
                touched.link(outline.typology, link, key_time(outline.order_key))
        for finding in findings:
            time = microseconds(finding.trigger.time)
            touched.subject(_subject(finding), time, is_accused=not finding.is_signal)
            for link in finding.links if finding.is_signal else ():
                touched.link(finding.typology, link, time)
        kept.drop(connection, [outline.id for outline in gone])
        ledger.replace_from(connection, since, movements)
        models = [model_scores.get((each.holder, each.trigger)) for each in findings]
        kept.insert(connection, findings, models=models)
        return touched

    def _gather(
        self,
        connection: sa.Connection,
        definition: GatheringTypology,
        since: Mapping[str, int],
        touched: Touched,
    ) -> None:
        """Brings the findings gathered at receivers up to date, each receiver's from its time on;
        earlier ones rest on earlier signals alone."""
        first = {link: keys_between(time, time)[0] for link, time in since.items()}
        old = {
            (outline.subject, outline.order_key): (outline, body)
            for outline, body in kept.gathered_since(connection, definition.id, first)
        }
        new = {
            (_subject(finding), order_key(finding.trigger)): finding
            for finding in self._gathered(connection, definition, since)
        }
        for subject, key in old.keys() | new.keys():
            # Also an unchanged one: the roles of its feeders rest on the signals that changed.
            touched.subject(subject, key_time(key), is_accused=True)
        stale = [
            at for at, (_, body) in old.items() if at not in new or kept.encode(new[at]) != body
        ]
        kept.drop(connection, [old[at][0].id for at in stale])
        fresh = [new[at] for at in sorted(new.keys() - (old.keys() - set(stale)))]
        kept.insert(connection, fresh, is_gathered=True)

    def _gathered(
        self, connection: sa.Connection, definition: GatheringTypology, since: Mapping[str, int]
    ) -> Iterator[Finding]:
        reach = definition.reach // MICROSECOND
        first = {link: keys_between(time - reach, time - reach)[0] for link, time in since.items()}
        linked = kept.signals_by_link(connection, definition.link, definition.gathers, first)
        enough = {
            link: signals
            for link, signals in linked.items()
            if _may_gather(definition, signals, since[link])
        }
        numbers = dict.fromkeys(each.id for signals in enough.values() for each in signals)
        loaded = kept.load(connection, list(numbers))
        for link, outlines in sorted(enough.items()):
            signals = [loaded[each.id].finding for each in outlines]
            yield from self._gathered_at(connection, definition, link, signals, since[link])

    def _gathered_at(
        self,
        connection: sa.Connection,
        definition: GatheringTypology,
        link: str,
        signals: Sequence[Finding],
        since: int,
    ) -> Iterator[Finding]:
        by_trigger = {signal.trigger: signal for signal in signals}
        relations, from_on = self._background.relations, moment(since)
        for finding in gather(definition, link, "customer", signals, relations, from_on=from_on):
            feeder = by_trigger[finding.trigger].holder
            kind = self._kind(
                connection, Link(kind=definition.link, id=link), feeder, finding.trigger
            )
            yield replace(finding, subject_kind=kind)

    def _kind(
        self, connection: sa.Connection, link: Link, feeder: str, upto: TriggerKey
    ) -> SubjectKind:
        """A party known by nothing but its account number is an account; a thing is a thing."""
        if link.kind in ("device", "place", "contact"):
            return link.kind
        references = self._background.references
        if link.id in references.customers:
            return "customer"
        is_account = link.id in references.accounts or ledger.was_paid_as_account(
            connection, feeder, link.id, order_key(upto)
        )
        return "account" if is_account else "customer"

    def _refold(self, connection: sa.Connection, touched: Touched, rest: _Rest) -> Iterator[str]:
        """Folds findings anew where they were touched; yields the alerts changed."""
        gap = self._background.settings.episode_gap
        old = self._episodes_near(connection, touched)
        # A signal alone makes no episode.
        bounds = {
            subject: keys_between(
                min([first, *(each.first_time for each in old[subject])]),
                max([last, *(each.last_time for each in old[subject])]),
            )
            for subject, (first, last) in touched.subjects.items()
            if old[subject] or subject in touched.accused
        }
        outlines = kept.outlines_within(connection, bounds)
        new = {subject: fold(outlines.get(subject, ()), gap) for subject in bounds}
        register.replace_episodes(
            connection,
            {each for subject in bounds for each in old[subject]},
            [each for subject in bounds for each in new[subject]],
        )
        current = register.current_among(
            connection, [each.alert_id for subject in bounds for each in old[subject]]
        )
        for subject in sorted(bounds):
            standing: set[str] = set()
            for episode in new[subject]:
                raiser = raised_by(episode, self._background.definitions)
                if raiser is not None:
                    standing.add(episode.alert_id)
                    if episode.alert_id in rest.resting and episode.alert_id in current:
                        rest.left.add(subject)
                        continue
                    rest.looked.add(episode.alert_id)
                    if self._publish(connection, episode, raiser):
                        yield episode.alert_id
            before = {each.alert_id for each in old[subject]} & current
            yield from _close(connection, subject, sorted(before - standing), standing)

    def _episodes_near(
        self, connection: sa.Connection, touched: Touched
    ) -> dict[SubjectKey, list[Span]]:
        """Of each subject the episodes that what touched it could join."""
        reach = self._background.settings.episode_gap // MICROSECOND
        episodes = register.episodes_of(connection, touched.subjects)
        return {
            subject: [
                each
                for each in episodes.get(subject, ())
                if each.last_time >= first - reach and each.first_time <= last + reach
            ]
            for subject, (first, last) in touched.subjects.items()
        }

    def _publish(self, connection: sa.Connection, episode: Episode, raiser: Outline) -> bool:
        """Registers the alert of an episode; False if nothing of it changed."""
        content = write_alert(self._dossier(connection, episode, raiser), self._background)
        known = register.find(connection, content.alert_id)
        if known is not None and known.is_current:
            same = known.body == register.content_bytes(content)
            if same and (known.first_time, known.last_time) == (
                episode.first_time,
                episode.last_time,
            ):
                return False
            if same:
                register.stretch(connection, episode)
                return False
        raised = key_time(raiser.order_key)
        register.register(
            connection,
            content,
            known=known,
            episode=episode,
            raised_time=raised,
            origin=self._background.origin,
            is_held=known.is_held
            if known is not None
            else must_be_held(
                connection,
                raised_time=raised,
                severity=content.severity,
                origin=self._background.origin,
                weekly_budget=self._background.settings.weekly_budget,
            ),
        )
        return True

    def _dossier(self, connection: sa.Connection, episode: Episode, raiser: Outline) -> Dossier:
        cited = self._cited(connection, strongest(episode))
        return Dossier(
            alert_id=episode.alert_id,
            subject=episode.subject,
            raised_at=moment(key_time(raiser.order_key)),
            cited=cited,
            feeders=self._feeders(connection, cited),
            own_signals=self._own_signals(connection, episode),
        )

    def _cited(
        self, connection: sa.Connection, outlines: Mapping[str, Outline]
    ) -> tuple[Cited, ...]:
        loaded = kept.load(connection, [outline.id for outline in outlines.values()])
        return self._cite(connection, [loaded[outline.id] for outline in outlines.values()])

    def _cite(self, connection: sa.Connection, found: Sequence[KeptFinding]) -> tuple[Cited, ...]:
        citations = [each.finding.citations for each in found if each.legs is None]
        entries = iter(ledger.cited(connection, citations))
        return tuple(
            Cited(
                finding=each.finding,
                definition=self._background.definitions[each.finding.typology],
                model=each.model,
                entries=next(entries) if each.legs is None else ledger.unpacked_legs(each.legs),
            )
            for each in found
        )

    def _feeders(self, connection: sa.Connection, cited: Sequence[Cited]) -> tuple[Cited, ...]:
        """The strongest signal of each feeder and typology, of equal ones the earliest."""
        found: dict[tuple[str, str], Cited] = {}
        for each in cited:
            if isinstance(each.definition, GatheringTypology):
                for signal in self._signals_behind(connection, each.finding, each.definition):
                    found.setdefault((signal.finding.holder, signal.finding.typology), signal)
        return tuple(found.values())

    def _signals_behind(
        self, connection: sa.Connection, finding: Finding, definition: GatheringTypology
    ) -> tuple[Cited, ...]:
        start = microseconds(finding.trigger.time - definition.window) + 1
        first, _ = keys_between(start, start)
        link = Link(kind=definition.link, id=finding.subject_id)
        outlines = kept.signals_linked(
            connection, link, definition.gathers, first, order_key(finding.trigger)
        )
        best = _strongest_by_subject(outlines)
        loaded = kept.load(connection, [outline.id for outline in best])
        by_holder = {each.finding.holder: each for each in loaded.values()}
        feeders = [by_holder[feeder] for feeder in finding.feeders if feeder in by_holder]
        return self._cite(connection, feeders)

    def _own_signals(self, connection: sa.Connection, episode: Episode) -> tuple[Cited, ...]:
        reach = self._background.settings.episode_gap // MICROSECOND
        bounds = keys_between(episode.first_time - reach, episode.last_time + reach)
        outlines = kept.signals_of(connection, episode.subject, *bounds)
        if not outlines:
            return ()
        return self._cited(
            connection, strongest(Episode(subject=episode.subject, outlines=outlines))
        )


def _since(replaces: pl.DataFrame) -> Iterator[tuple[str, bytes]]:
    """The key from which on each holder's findings are replaced: the earliest, if named twice."""
    columns = ["since_time", "since_sequence", "since_hi", "since_lo", "since_side"]
    found: dict[str, bytes] = {}
    for holder, *parts in replaces.select("holder", *columns).iter_rows():
        key = movement_key(*parts)
        found[holder] = min(found.get(holder, key), key)
    yield from found.items()


def _subject(finding: Finding) -> SubjectKey:
    return SubjectKey(kind=finding.subject_kind, id=finding.subject_id)


def _may_gather(definition: GatheringTypology, signals: Sequence[LinkedSignal], since: int) -> bool:
    """Whether within the window before some signal from `since` on as many holders feed the link
    as it takes. signals: in order. Looking costs a hundredth of gathering."""
    window = definition.window // MICROSECOND
    here, first = Counter[str](), 0
    for signal in signals:
        time = key_time(signal.order_key)
        here[signal.holder] += 1
        while key_time(signals[first].order_key) <= time - window:
            here[signals[first].holder] -= 1
            if not here[signals[first].holder]:
                del here[signals[first].holder]
            first += 1
        if time >= since and len(here) >= definition.feeders.least:
            return True
    return False


def _strongest_by_subject(outlines: Sequence[Outline]) -> list[Outline]:
    best: dict[SubjectKey, Outline] = {}
    for outline in outlines:
        held = best.setdefault(outline.subject, outline)
        if outline.strength > held.strength:
            best[outline.subject] = outline
    return list(best.values())


def _close(
    connection: sa.Connection, subject: SubjectKey, gone: Sequence[str], standing: set[str]
) -> Iterator[str]:
    """Withdraws the alerts whose episodes are gone, or points them to what took their place."""
    for alert_id in gone:
        known = register.find(connection, alert_id)
        assert known is not None
        heirs = register.current_of(connection, subject, known.first_time, known.last_time)
        heir = next((each.alert_id for each in heirs if each.alert_id in standing), None)
        register.close(connection, known, heir)
        yield alert_id
