"""What a model adds to findings, over the demo's own days."""

from dataclasses import dataclass, replace
from pathlib import Path
from shutil import copytree

import msgspec
import pytest

from detectors.finding import Finding
from ingest.file_feed import FileFeed
from ingest.lexicon import Concept
from models.evaluated import Evaluated
from models.profile import Profiles
from models.shelf import Shelf
from models.trained_model import ModelError, Segment, TrainedModel
from palermo.config import Configuration, load_settings
from palermo.errors import CheckFailed
from palermo.model_scores import (
    asks_with_model,
    features_with_model,
    model_scores,
    rank_of,
    rare_at,
    segments_of,
)
from palermo.models_shown import TrainingWish, list_models, show_card, train_model, verify_models
from palermo.running import Wish, carry_out
from palermo.wiring import Knowing, base_folder, configuration_file, intake_of, known

pytestmark = pytest.mark.slow

DEMO = str(Path(__file__).parents[2] / "palermo" / "demo_feed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    knowing: Knowing
    evaluated: Evaluated
    findings: list[Finding]


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shelf with one model, trained on an archive of the demo."""
    folder = tmp_path_factory.mktemp("models")
    carry_out(Wish(feed=DEMO, config=None, out=folder / "out"))
    train_model(
        TrainingWish(
            feed=DEMO, config=None, out=folder / "out", shelf=folder / "shelf", least_rows=400
        ),
        as_json=False,
    )
    return folder / "shelf"


@pytest.fixture(scope="module")
def model(shelf: Path) -> TrainedModel:
    return Shelf(shelf).load(Shelf(shelf).ids()[0])


@pytest.fixture(scope="module")
def judged() -> Judged:
    """The whole demo evaluated at once, with the model's features."""
    configuration, knowing = demo_knowing()
    settings = configuration.settings.feed
    profiles = Profiles(
        references=knowing.references,
        rates=knowing.rates,
        bundle=knowing.bundle,
        arms=knowing.catalogue.arms,
        features=features_with_model(knowing.catalogue),
        asks=asks_with_model(knowing.catalogue),
        lateness=settings.lateness,
    )
    intake = intake_of(settings, knowing)
    batch = FileFeed(DEMO, settings).poll(at_most=100_000, wait=1)
    evaluated = profiles.extend(intake.accept(batch).transactions)
    return Judged(
        knowing=knowing, evaluated=evaluated, findings=knowing.catalogue.detect(evaluated)
    )


def test_each_finding_gets_a_percentile_and_reasons_in_words(
    model: TrainedModel, judged: Judged
) -> None:
    scores = model_scores(
        model, judged.evaluated, judged.findings, segments_of(judged.knowing.references)
    )

    assert {(each.holder, each.trigger) for each in judged.findings} == set(scores)
    percentiles = [score.percentile for score in scores.values() if score.percentile is not None]
    assert percentiles
    assert all(0 <= percentile <= 100 for percentile in percentiles)
    assert any("usual" in words for score in scores.values() for words in score.contributions)


def test_a_score_does_not_depend_on_the_findings_judged_with_it(
    model: TrainedModel, judged: Judged
) -> None:
    segments = segments_of(judged.knowing.references)
    one = judged.findings[0]

    alone = model_scores(model, judged.evaluated, [one], segments)

    together = model_scores(model, judged.evaluated, judged.findings, segments)
    assert alone[one.holder, one.trigger] == together[one.holder, one.trigger]


def test_a_subject_without_peers_says_so(model: TrainedModel, judged: Judged) -> None:
    scores = model_scores(model, judged.evaluated, judged.findings[:1], {})

    (score,) = scores.values()
    assert (score.percentile, score.contributions) == (None, ("not enough peers",))


def test_what_is_rare_goes_by_the_segment_of_the_holder(
    model: TrainedModel, judged: Judged
) -> None:
    references = judged.knowing.references
    holder, other = (
        next(c.party_id for c in references.customers.values() if (c.segment == "firm") == is_firm)
        for is_firm in (False, True)
    )
    counted = Segment(
        name=references.customers[holder].segment,
        accounts=500,
        rows=5_000,
        quantiles={},
        named={"RELEASE": 0.002, "DEBT": 0.4},
    )
    card = msgspec.structs.replace(model.card, segments=[counted])

    rare = rare_at(replace(model, card=card), references)

    assert rare(holder) == {Concept.RELEASE}
    assert rare(other) == rare("C-FICT-NOBODY") == frozenset()
    assert rare_at(None, references)(holder) == frozenset()


def test_the_models_features_change_no_finding(judged: Judged) -> None:
    configuration, knowing = demo_knowing()
    settings = configuration.settings.feed
    plain = Profiles(
        references=knowing.references,
        rates=knowing.rates,
        bundle=knowing.bundle,
        arms=knowing.catalogue.arms,
        features=knowing.catalogue.features,
        asks=knowing.catalogue.asks,
        lateness=settings.lateness,
    )
    intake = intake_of(settings, knowing)
    batch = FileFeed(DEMO, settings).poll(at_most=100_000, wait=1)

    without = knowing.catalogue.detect(plain.extend(intake.accept(batch).transactions))

    assert without == judged.findings


def test_without_a_model_nothing_is_ranked(judged: Judged) -> None:
    rank = rank_of(None, judged.knowing.references)

    assert rank(judged.evaluated, judged.findings) == {}


def test_the_shelf_is_told_for_a_person(
    shelf: Path, model: TrainedModel, capsys: pytest.CaptureFixture[str]
) -> None:
    list_models(shelf, as_json=False)
    verify_models(shelf, None, as_json=False)
    show_card(shelf, model.id[:8], as_json=False)

    told = capsys.readouterr().out
    assert model.id[:12] in told
    assert "sound" in told
    assert "Never a ground" in told


def test_a_damaged_model_fails_the_check(shelf: Path, model: TrainedModel, tmp_path: Path) -> None:
    folder = Path(copytree(shelf, tmp_path / "shelf"))
    (folder / model.id / "model.skops").write_bytes(b"")

    with pytest.raises(CheckFailed, match="is not the one it was saved with"):
        verify_models(folder, None, as_json=True)


def test_training_without_an_archive_says_what_to_give(tmp_path: Path) -> None:
    wish = TrainingWish(feed=DEMO, config=None, out=tmp_path, shelf=tmp_path / "shelf")

    with pytest.raises(ModelError, match="no archive; give the --out of an earlier run"):
        train_model(wish, as_json=False)


def demo_knowing() -> tuple[Configuration, Knowing]:
    file = configuration_file(DEMO, None)
    configuration = load_settings(file)
    return configuration, known(configuration, base_folder(DEMO, file))
