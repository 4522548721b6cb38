"""`palermo models train|list|card|verify`: forests that rank alerts, for a person."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from importlib.metadata import version
from pathlib import Path

from ingest.archive import Archive
from ingest.transaction import TransactionBatch
from models.isolation_forest import ForestSettings
from models.profile import Profiles
from models.shelf import Shelf, card_page
from models.trained_model import ModelError, TrainedModel
from models.training import LEARNT, TrainingSettings, train
from palermo.config import Configuration, load_settings
from palermo.errors import CheckFailed
from palermo.folder import ARCHIVE
from palermo.model_scores import segments_of
from palermo.printing import console, print_json, table
from palermo.wiring import Knowing, base_folder, configuration_file, intake_of, known


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingWish:
    """What a user asked `palermo models train` for. feed: the one the archive in `out` was read
    from, for its palermo.toml and reference files."""

    feed: str
    config: Path | None
    out: Path
    shelf: Path
    until: date | None = None
    """The first UTC day that is not learned from."""
    seed: int = ForestSettings().seed
    trees: int = ForestSettings().trees
    least_rows: int = TrainingSettings().least_rows


def train_model(wish: TrainingWish, *, as_json: bool) -> None:
    """Trains on the archive, puts the model on the shelf and prints its card."""
    config = configuration_file(wish.feed, wish.config)
    model = trained(load_settings(config), base_folder(wish.feed, config), wish)
    place = Shelf(wish.shelf).save(model)
    if as_json:
        print_json({"id": model.id, "folder": str(place), "card": model.card})
        return
    for segment in model.card.segments:
        console().print(f"segment {segment.name}: {segment.rows:,} account-weeks")
    console().print(f"model {model.id} in {place}")
    console().print(f'to rank alerts with it: [models] use = "{model.id[:12]}"', markup=False)


def trained(configuration: Configuration, base: Path, wish: TrainingWish) -> TrainedModel:
    """The model of the archive in `wish.out`. Raises ModelError if there is too little of it."""
    knowing = known(configuration, base)
    if not (wish.out / ARCHIVE).is_dir():
        raise ModelError(f"{wish.out / ARCHIVE}: no archive; give the --out of an earlier run")
    return train(
        _restored(configuration, knowing, wish.out),
        profiles=_every_movement(configuration, knowing),
        segments=segments_of(knowing.references),
        until=None if wish.until is None else datetime.combine(wish.until, time(), UTC),
        settings=TrainingSettings(
            forest=ForestSettings(trees=wish.trees, seed=wish.seed), least_rows=wish.least_rows
        ),
        base_currency=configuration.settings.feed.base_currency,
        release=version("palermo"),
    )


def list_models(folder: Path, *, as_json: bool) -> None:
    """Every model that would be loaded, the one with the latest data first."""
    cards = Shelf(folder).cards()
    if as_json:
        print_json(cards)
        return
    rows = [
        (
            name[:12],
            card.data_first[:10],
            card.data_last[:10],
            f"{card.transactions:,}",
            ", ".join(f"{segment.name} {segment.rows:,}" for segment in card.segments),
        )
        for name, card in cards.items()
    ]
    console().print(table(("id", "data from", "to", "transactions", "account-weeks"), rows))


def show_card(folder: Path, name: str, *, as_json: bool) -> None:
    """What one model learned from, and what it is for and never for."""
    card = Shelf(folder).card(name)
    if as_json:
        print_json(card)
    else:
        console().print(card_page(card, name), markup=False)


def verify_models(folder: Path, name: str | None, *, as_json: bool) -> None:
    """Whether each model would be loaded. Raises CheckFailed if one is refused."""
    found = Shelf(folder).verify(name)
    if as_json:
        print_json(found)
    else:
        rows = [(each.id[:12], each.refused or "sound") for each in found]
        console().print(table(("id", "result"), rows))
    refused = [each.refused for each in found if each.refused is not None]
    if refused:
        raise CheckFailed(*refused)


def _restored(
    configuration: Configuration, knowing: Knowing, out: Path
) -> Iterator[TransactionBatch]:
    intake = intake_of(configuration.settings.feed, knowing)
    return (intake.restore(archived) for archived in Archive(out / ARCHIVE).read())


def _every_movement(configuration: Configuration, knowing: Knowing) -> Profiles:
    feed = configuration.settings.feed
    return Profiles(
        references=knowing.references,
        rates=knowing.rates,
        bundle=knowing.bundle,
        arms=(),
        features=LEARNT,
        asks={},
        lateness=feed.lateness,
        own_ledger_accounts=frozenset(feed.own_ledger_accounts),
        is_hour_known=feed.time_precision != "day",
        is_history_complete=feed.history == "complete",
        is_always_armed=True,
    )
