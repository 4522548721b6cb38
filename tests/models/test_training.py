"""From transactions to a model, its card, and the shelf it stands on."""

import json
import pickle
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import msgspec
import numpy as np
import polars as pl
import pytest
import skops.io
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.ensemble import IsolationForest

from ingest.lexicon import Concept
from ingest.transaction import ADDED, ADDRESS, TransactionBatch
from models.behaviour import FEATURES, NAMING, trait_names
from models.evaluated import REPLACES, TRIGGER, Evaluated
from models.isolation_forest import ForestSettings
from models.shelf import ModelRefusedError, Shelf, card_page
from models.trained_model import ModelError, Segment, TrainedModel, trained_model
from models.training import TrainingSettings, account_weeks, settled, train

START = datetime(2026, 1, 5, tzinfo=UTC)
SETTINGS = TrainingSettings(forest=ForestSettings(trees=10, sample=32, seed=1), least_rows=20)
ACCOUNTS = 8
SEGMENTS = {f"C-FICT-{n:04d}": "person" for n in range(ACCOUNTS - 1)}


@dataclass
class PlainProfiles:
    """Evaluates every movement out; its features are plain numbers made from the amount."""

    history_start: datetime | None = field(default=None)

    def extend(self, batch: TransactionBatch) -> Evaluated:
        self.history_start = self.history_start or batch.history_start
        added = batch.added
        features = added.select(
            holder="orig_party_id",
            account="orig_account_id",
            trigger_time="event_time",
            trigger_sequence="source_sequence",
            trigger_hi="txn_hi",
            trigger_lo="txn_lo",
            trigger_side=pl.lit(0, pl.Int8),
            variant=pl.lit(0, pl.Int8),
            history_days=(pl.col("event_time") - self.history_start).dt.total_days(),
            **{
                feature.name: (pl.col("amount_base") * (n + 3)) % 997
                for n, feature in enumerate(FEATURES)
            },
            # Every account names a debt now and then, the first one a lodging, nobody the rest.
            **{
                feature.name: pl.lit(0, pl.Int64)
                for concept, feature in NAMING.items()
                if concept not in (Concept.DEBT, Concept.LODGING)
            },
            **{
                NAMING[Concept.DEBT].name: pl.col("txn_lo").cast(pl.Int64) % 5,
                NAMING[Concept.LODGING].name: pl.col("orig_account_id").eq("A-FICT-0000"),
            },
        )
        missing = [
            pl.lit(None, dtype).alias(name)
            for name, dtype in TRIGGER.items()
            if name not in features.columns
        ]
        return Evaluated(
            features=features.with_columns(missing), replaces=pl.DataFrame(schema=REPLACES)
        )


def test_training_gives_a_forest_for_each_segment_with_enough_peers() -> None:
    model = trained([a_batch(transactions(1200))])

    assert sorted(model.forests) == ["person"]
    assert [(each.name, each.rows) for each in model.card.left_out] == [("unknown", 11)]


@settings(max_examples=10, deadline=None)
@given(cut=st.integers(1, 399), seed=st.integers(0, 99))
def test_arrival_and_batches_change_nothing_of_a_model(cut: int, seed: int) -> None:
    rows = transactions(1200)
    shuffled = rows.sample(fraction=1.0, shuffle=True, seed=seed)

    parts = [a_batch(shuffled[:cut]), a_batch(shuffled[cut:])]

    assert trained(parts).id == trained([a_batch(rows)]).id


def test_an_amendment_replaces_what_was_read_before() -> None:
    rows = transactions(100)
    amended = rows[7:8].with_columns(amount_base=pl.lit(5, pl.Int64))

    final = settled([a_batch(rows), a_batch(amended, retracted=rows[7:8])], None)

    assert final.equals(pl.concat([rows[:7], amended, rows[8:]]).sort("event_time", "txn_lo"))


def test_only_days_before_the_given_one_are_learned_from() -> None:
    until = START + timedelta(days=60)

    card = trained([a_batch(transactions(1200))], until=until).card

    assert card.data_until == "2026-03-06T00:00:00.000000Z"
    assert card.data_last < card.data_until
    assert card.transactions == 720


def test_each_account_gives_one_row_a_week_once_a_window_is_whole() -> None:
    weeks = account_weeks(transactions(1200), PlainProfiles())

    assert weeks.group_by("account", "week").len()["len"].max() == 1
    assert weeks["week"].min() == datetime(2026, 2, 2, tzinfo=UTC)


def test_too_little_data_says_how_much_there_is_and_what_to_do() -> None:
    with pytest.raises(ModelError, match=r"person 7, unknown 1; 20 are needed"):
        trained([a_batch(transactions(370))])


def test_a_card_says_what_the_model_is_for_and_what_never() -> None:
    card = trained([a_batch(transactions(1200))]).card

    assert card.contamination is None
    assert "Never a ground" in card.not_for
    assert len(card.data_hash) == 64
    assert set(card.segments[0].quantiles) == set(trait_names())


def test_a_cards_page_names_every_trait_in_words() -> None:
    model = trained([a_batch(transactions(1200))])

    page = card_page(model.card, model.id)

    assert all(trait.words in page for trait in model.card.traits)


def test_a_model_judges_known_segments_and_no_others() -> None:
    model = trained([a_batch(transactions(1200))])
    features = PlainProfiles().extend(a_batch(transactions(ACCOUNTS))).features

    judged = model.judge(features, SEGMENTS)

    assert [each is None for each in judged] == [False] * (ACCOUNTS - 1) + [True]


def test_a_model_taken_from_the_shelf_judges_as_it_did_before(
    shelf: Shelf, model: TrainedModel
) -> None:
    features = PlainProfiles().extend(a_batch(transactions(50))).features

    loaded = shelf.load(model.id[:8])

    assert loaded.card == model.card
    assert loaded.judge(features, SEGMENTS) == model.judge(features, SEGMENTS)


def test_saving_the_same_model_twice_leaves_one(shelf: Shelf, model: TrainedModel) -> None:
    shelf.save(model)

    assert shelf.ids() == [model.id]
    assert list(shelf.cards()) == [model.id]


def test_an_unknown_name_lists_what_is_there(shelf: Shelf, model: TrainedModel) -> None:
    with pytest.raises(ModelError, match=f"holds: {model.id[:12]}"):
        shelf.load("ffffff")


def tampered_array(place: Path) -> None:
    packed = bytearray((place / "model.skops").read_bytes())
    packed[len(packed) // 2] ^= 1
    (place / "model.skops").write_bytes(packed)


def truncated_array(place: Path) -> None:
    packed = (place / "model.skops").read_bytes()
    (place / "model.skops").write_bytes(packed[: len(packed) // 2])


def other_array_with_a_fitting_manifest(place: Path) -> None:
    arrays = skops.io.load(place / "model.skops", trusted=[])
    arrays["person/threshold"] = arrays["person/threshold"] + 1.0
    put_arrays(place, skops.io.dumps(arrays))


def trees_that_never_end(place: Path) -> None:
    arrays = skops.io.load(place / "model.skops", trusted=[])
    arrays["person/left"] = np.where(arrays["person/left"] >= 0, 0, -1).astype(np.int32)
    put_arrays(place, skops.io.dumps(arrays))


def foreign_model(place: Path) -> None:
    forest = IsolationForest(n_estimators=2).fit(np.arange(20.0).reshape(-1, 1))
    put_arrays(place, skops.io.dumps(forest))


def pickled_model(place: Path) -> None:
    put_arrays(place, pickle.dumps({"person": 1}))


def changed_card(place: Path) -> None:
    card = json.loads((place / "card.json").read_bytes())
    (place / "card.json").write_text(json.dumps(card | {"not_for": ""}))


def changed_card_with_a_fitting_manifest(place: Path) -> None:
    changed_card(place)
    put_manifest(place, card=sha256((place / "card.json").read_bytes()).hexdigest())


def missing_manifest(place: Path) -> None:
    (place / "manifest.json").unlink()


def broken_manifest(place: Path) -> None:
    (place / "manifest.json").write_text("{")


def later_format(place: Path) -> None:
    put_manifest(place, format=99)


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (tampered_array, "is not the one it was saved with"),
        (truncated_array, "is not the one it was saved with"),
        (other_array_with_a_fitting_manifest, "arrays are not the ones it was saved with"),
        (trees_that_never_end, "arrays are not the ones it was saved with"),
        (foreign_model, "holds types that are never loaded"),
        (pickled_model, "is no skops file of arrays"),
        (changed_card, "card.json is not the one it was saved with"),
        (changed_card_with_a_fitting_manifest, "card and arrays do not give its id"),
        (missing_manifest, "manifest.json cannot be read"),
        (broken_manifest, "manifest.json cannot be read"),
        (later_format, "its format is 99"),
    ],
)
def test_a_changed_model_is_refused_with_the_reason(
    shelf: Shelf, model: TrainedModel, place: Path, damage: Callable[[Path], None], reason: str
) -> None:
    damage(place)

    with pytest.raises(ModelRefusedError, match=reason):
        shelf.load(model.id)
    assert reason in str(shelf.verify()[0].refused)
    assert shelf.cards() == {}


def test_one_model_put_in_anothers_place_is_refused(shelf: Shelf, place: Path) -> None:
    other = place.with_name("0" * 32)
    shutil.copytree(place, other)

    with pytest.raises(ModelRefusedError, match="belongs to model"):
        shelf.load("000000")


def test_a_pickle_is_never_opened(shelf: Shelf, model: TrainedModel, place: Path) -> None:
    put_arrays(place, pickle.dumps(Trap(str(place / "sprung"))))

    with pytest.raises(ModelRefusedError):
        shelf.load(model.id)

    assert not (place / "sprung").exists()


def test_trees_that_would_never_end_are_refused_even_with_every_hash_right(
    tmp_path: Path, model: TrainedModel
) -> None:
    forest = model.forests["person"]
    endless = forest.nodes._replace(left=np.where(forest.nodes.left >= 0, 0, -1).astype(np.int32))
    made = trained_model({"person": replace(forest, nodes=endless)}, model.card)
    shelf = Shelf(tmp_path)
    shelf.save(made)

    with pytest.raises(ModelRefusedError, match="are not trees"):
        shelf.load(made.id)


@dataclass
class Trap:
    """Opened by pickle, it would leave a file."""

    path: str

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (_touch, (self.path,))


def _touch(path: str) -> None:
    Path(path).touch()


@pytest.fixture(scope="module")
def model() -> TrainedModel:
    return trained([a_batch(transactions(1200))])


@pytest.fixture
def shelf(tmp_path: Path, model: TrainedModel) -> Shelf:
    shelf = Shelf(tmp_path / "bundles")
    shelf.save(model)
    return shelf


@pytest.fixture
def place(shelf: Shelf, model: TrainedModel, tmp_path: Path) -> Path:
    return tmp_path / "bundles" / model.id


def put_arrays(place: Path, packed: bytes) -> None:
    (place / "model.skops").write_bytes(packed)
    put_manifest(place, file=sha256(packed).hexdigest())


def put_manifest(place: Path, **changes: object) -> None:
    manifest = msgspec.json.decode((place / "manifest.json").read_bytes())
    (place / "manifest.json").write_bytes(msgspec.json.encode(manifest | changes))


def test_the_card_says_of_how_many_accounts_a_text_names_each_concept(model: TrainedModel) -> None:
    (named,) = [each.named for each in model.card.segments if each.name == "person"]

    assert named["DEBT"] == 1.0
    assert named["LODGING"] == pytest.approx(1 / (ACCOUNTS - 1), abs=1e-6)
    assert named["RELEASE"] == 0.0


def test_without_a_text_that_names_anything_nothing_is_rare() -> None:
    silent = transactions(1200).with_columns(concepts=pl.lit(0, pl.Int32))

    card = trained([a_batch(silent)]).card

    assert [each.named for each in card.segments] == [{} for _ in card.segments]
    assert [each.rare() for each in card.segments] == [frozenset() for _ in card.segments]


@pytest.mark.parametrize(
    ("accounts", "share", "is_rare"),
    [(100, 0.0, True), (100, 0.01, False), (1_000, 0.009, True), (99, 0.0, False)],
)
def test_a_concept_is_rare_below_one_in_a_hundred_of_at_least_a_hundred(
    accounts: int, share: float, is_rare: bool
) -> None:
    segment = Segment(
        name="person", accounts=accounts, rows=1, quantiles={}, named={"RELEASE": share}
    )

    assert (Concept.RELEASE in segment.rare()) == is_rare


def trained(batches: list[TransactionBatch], until: datetime | None = None) -> TrainedModel:
    return train(
        batches,
        profiles=PlainProfiles(),
        segments=SEGMENTS,
        until=until,
        settings=SETTINGS,
        base_currency="EUR",
        release="0.1.0",
    )


def a_batch(added: pl.DataFrame, retracted: pl.DataFrame | None = None) -> TransactionBatch:
    gone = pl.DataFrame(schema=ADDRESS) if retracted is None else retracted.select(*ADDRESS)
    times = added["event_time"]
    return TransactionBatch(
        added=added,
        retracted=gone,
        history_start=times.min(),  # type: ignore[arg-type]
        seen_until=times.max(),  # type: ignore[arg-type]
    )


def transactions(count: int) -> pl.DataFrame:
    """Twelve a day, from eight accounts in turn; the last account's holder is unknown."""
    rows = pl.select(n=pl.int_range(count)).with_columns(account=pl.col("n") % ACCOUNTS)
    known = rows.select(
        txn_hi=pl.lit(0, pl.UInt64),
        txn_lo=pl.col("n").cast(pl.UInt64),
        reference=pl.format("T-FICT-{}", "n"),
        source_id=pl.lit("bank"),
        event_time=pl.lit(START) + pl.duration(hours=2 * pl.col("n")),
        source_sequence=pl.lit(0, pl.Int64),
        amount_base=(pl.col("n") * 7919) % 1009,
        orig_account_id=pl.format("A-FICT-000{}", "account"),
        orig_party_id=pl.format("C-FICT-000{}", "account"),
        content_hi=pl.lit(0, pl.UInt64),
        concepts=pl.lit(int(Concept.DEBT), pl.Int32),
        content_lo=pl.col("n").cast(pl.UInt64),
    )
    rest = [pl.lit(None, t).alias(name) for name, t in ADDED.items() if name not in known]
    return known.with_columns(rest).select(pl.col(name).cast(t) for name, t in ADDED.items())
