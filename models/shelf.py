"""Where trained models stand: `<folder>/<id>/` with arrays, card and a manifest of hashes.

The arrays are kept by skops, of which nothing but arrays and text is ever loaded: the allow-list
is empty and fixed. scikit-learn's objects are not kept, so no release of it can change a score.
"""

import json
import os
import re
import shutil
import tempfile
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from models.behaviour import TRAITS, trait_names
from models.isolation_forest import Forest
from models.kernels.forest import LEAF, Nodes
from models.trained_model import (
    FORMAT,
    ModelCard,
    ModelError,
    TrainedModel,
    array_hashes,
    arrays,
    model_id,
)

ALLOWED_TYPES: tuple[str, ...] = ()
"""Types beyond arrays and text that a model file may hold: none."""

ARRAYS, MANIFEST, CARD, PAGE = "model.skops", "manifest.json", "card.json", "card.md"
LEAST_PREFIX = 6


class ModelRefusedError(ModelError):
    """The files are not the model they claim to be; nothing of them is used."""


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """SHA-256 of the file, the card and each array. The id is over all but the file."""

    format: int
    id: str
    file: str
    card: str
    arrays: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """A model on the shelf and why it would be refused (None: it would not)."""

    id: str
    refused: str | None


class Shelf:
    """The models under one folder, by id or the first letters of one."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def save(self, model: TrainedModel) -> Path:
        """The model's folder; the same model saved again changes nothing."""
        place = self._folder / model.id
        if place.exists():
            return place
        self._folder.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=".draft-", dir=self._folder))
        try:
            _write(model, draft)
            draft.rename(place)
        except BaseException:
            shutil.rmtree(draft, ignore_errors=True)
            raise
        return place

    def load(self, name: str) -> TrainedModel:
        """The model of that id (or unique beginning, six letters or more).

        Raises ModelRefusedError if a file was changed, cut or is not one of ours.
        """
        place = self._place(name)
        manifest = _manifest(place)
        card = _card(place, manifest)
        forests = _forests(place, manifest)
        return TrainedModel(id=manifest.id, forests=forests, card=card)

    def cards(self) -> dict[str, ModelCard]:
        """Cards by id of all models that would be loaded, latest data first."""
        cards = {each.id: self.card(each.id) for each in self.verify() if each.refused is None}
        latest_first = sorted(cards, key=lambda name: (cards[name].data_last, name), reverse=True)
        return {name: cards[name] for name in latest_first}

    def ids(self) -> list[str]:
        """Ids of everything on the shelf, sound or not, in order."""
        if not self._folder.is_dir():
            return []
        return sorted(
            each.name for each in self._folder.iterdir() if re.fullmatch("[0-9a-f]{32}", each.name)
        )

    def verify(self, name: str | None = None) -> list[Verification]:
        """Whether each model (or that one) would be loaded, and why not."""
        names = self.ids() if name is None else [self._place(name).name]
        return [self._verification(each) for each in names]

    def card(self, name: str) -> ModelCard:
        """The card alone, checked against the manifest."""
        place = self._place(name)
        return _card(place, _manifest(place))

    def _verification(self, name: str) -> Verification:
        try:
            self.load(name)
        except ModelRefusedError as refusal:
            return Verification(id=name, refused=str(refusal))
        return Verification(id=name, refused=None)

    def _place(self, name: str) -> Path:
        found = [each for each in self.ids() if each.startswith(name)]
        if len(found) == 1 and len(name) >= LEAST_PREFIX:
            return self._folder / found[0]
        known = ", ".join(each[:12] for each in self.ids()) or "none"
        reason = "is the beginning of several models" if len(found) > 1 else "is no model here"
        raise ModelError(f"{name} {reason}; {self._folder} holds: {known}")


def card_page(card: ModelCard, identity: str) -> str:
    """The card as a page of Markdown."""
    levels = [f"{100 * level:g} %" for level in card.quantile_levels]
    lines = [
        f"# Model {identity[:12]}",
        "",
        f"{card.kind}. {card.purpose}",
        "",
        f"**Not for:** {card.not_for}",
        "",
        *(f"- {limit}" for limit in card.limits),
        "",
        f"Learned from {card.transactions:,} transactions, {card.data_first} to {card.data_last}"
        f" (until: {card.data_until or 'the end'}), SHA-256 `{card.data_hash}`, base currency "
        f"{card.base_currency}; release {card.release}; {card.trees} trees of {card.sample} rows, "
        f"seed {card.seed}, no contamination.",
        "",
        *(f"- Not modelled: segment {out.name}, {out.rows} rows" for out in card.left_out),
    ]
    for segment in card.segments:
        lines += [
            "",
            f"## Segment {segment.name}: {segment.rows:,} account-weeks of "
            f"{segment.accounts:,} accounts",
            "",
            f"| trait | unit | {' | '.join(levels)} |",
            f"|---|---|{'---|' * len(levels)}",
        ]
        for trait in card.traits:
            values = " | ".join(f"{value:.4g}" for value in segment.quantiles[trait.name])
            lines.append(f"| {trait.words} | {trait.unit} | {values} |")
        named = ", ".join(f"{name} {100 * share:.2f} %" for name, share in segment.named.items())
        lines += ["", f"Accounts of which a text names a concept: {named or 'not known'}"]
    return "\n".join(lines).rstrip() + "\n"


def _write(model: TrainedModel, place: Path) -> None:
    import skops.io  # takes seconds to load, and most runs use no model

    packed = skops.io.dumps({name: np.ascontiguousarray(a) for name, a in arrays(model.forests)})
    card = msgspec.json.format(msgspec.json.encode(model.card), indent=2)
    manifest = Manifest(
        format=FORMAT,
        id=model.id,
        file=sha256(packed).hexdigest(),
        card=sha256(card).hexdigest(),
        arrays=array_hashes(model.forests),
    )
    _put(place / ARRAYS, packed)
    _put(place / CARD, card)
    _put(place / PAGE, card_page(model.card, model.id).encode())
    _put(place / MANIFEST, msgspec.json.format(msgspec.json.encode(manifest), indent=2))


def _put(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _manifest(place: Path) -> Manifest:
    try:
        manifest = msgspec.json.decode(_bytes(place / MANIFEST), type=Manifest)
    except msgspec.DecodeError as fault:
        raise _refused(place, f"{MANIFEST} cannot be read ({fault})") from fault
    if manifest.format != FORMAT:
        raise _refused(place, f"its format is {manifest.format}, this release reads {FORMAT}")
    if manifest.id != place.name:
        raise _refused(place, f"{MANIFEST} belongs to model {manifest.id[:12]}")
    return manifest


def _card(place: Path, manifest: Manifest) -> ModelCard:
    content = _bytes(place / CARD)
    if sha256(content).hexdigest() != manifest.card:
        raise _refused(place, f"{CARD} is not the one it was saved with")
    try:
        card = msgspec.json.decode(content, type=ModelCard)
    except msgspec.DecodeError as fault:
        raise _refused(place, f"{CARD} cannot be read ({fault})") from fault
    # The folder's name is the only thing outside these files, so it decides.
    if model_id(manifest.arrays, card) != place.name:
        raise _refused(place, "card and arrays do not give its id")
    if tuple(trait.name for trait in card.traits) != trait_names():
        raise _refused(place, "it was trained on other traits than this release computes")
    return card


def _forests(place: Path, manifest: Manifest) -> dict[str, Forest]:
    found = _arrays(place, manifest)
    segments = sorted({name.rpartition("/")[0] for name in found})
    try:
        forests = {segment: _forest(found, segment) for segment in segments}
    except (KeyError, IndexError) as fault:
        raise _refused(place, f"an array is missing: {fault}") from fault
    if array_hashes(forests) != manifest.arrays:
        raise _refused(place, "its arrays are not the ones it was saved with")
    for segment, forest in forests.items():
        if not _is_walkable(forest):
            raise _refused(place, f"the trees of segment {segment} are not trees")
    return forests


def _arrays(place: Path, manifest: Manifest) -> Mapping[str, Any]:
    import skops.io  # takes seconds to load, and most runs use no model

    packed = _bytes(place / ARRAYS)
    if sha256(packed).hexdigest() != manifest.file:
        raise _refused(place, f"{ARRAYS} is not the one it was saved with")
    try:
        foreign = sorted(set(skops.io.get_untrusted_types(data=packed)) - set(ALLOWED_TYPES))
        if foreign:
            raise _refused(place, f"{ARRAYS} holds types that are never loaded: {foreign}")
        found = skops.io.loads(packed, trusted=list(ALLOWED_TYPES))
    except (zipfile.BadZipFile, KeyError, ValueError, TypeError, json.JSONDecodeError) as fault:
        raise _refused(place, f"{ARRAYS} is no skops file of arrays ({fault})") from fault
    if not isinstance(found, dict) or not all(isinstance(a, np.ndarray) for a in found.values()):
        raise _refused(place, f"{ARRAYS} holds something else than arrays")
    return found


def _forest(found: Mapping[str, Any], segment: str) -> Forest:
    return Forest(
        nodes=Nodes(**{name: found[f"{segment}/{name}"] for name in Nodes._fields}),
        expected=float(found[f"{segment}/expected_root"][0]),
        scores=found[f"{segment}/scores"],
        usual=found[f"{segment}/usual"],
    )


def _is_walkable(forest: Forest) -> bool:
    """Whether the kernel, which checks nothing, stays inside the arrays and comes to an end."""
    nodes, count = forest.nodes, len(forest.nodes.left)
    is_inner = nodes.left != LEAF
    inner = np.flatnonzero(is_inner)
    children = np.concatenate([nodes.left[inner], nodes.right[inner]])
    return bool(
        all(len(each) == count for each in nodes[1:])
        and len(nodes.root) > 0
        and ((nodes.root >= 0) & (nodes.root < count)).all()
        and (children > np.tile(inner, 2)).all()
        and (children < count).all()
        and ((nodes.column[inner] >= 0) & (nodes.column[inner] < len(TRAITS))).all()
        and np.isfinite(nodes.expected).all()
        and forest.expected > 0
        and len(forest.scores) > 0
        and len(forest.usual) == len(TRAITS)
    )


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as fault:
        raise _refused(path.parent, f"{path.name} cannot be read ({fault.strerror})") from fault


def _refused(place: Path, reason: str) -> ModelRefusedError:
    return ModelRefusedError(
        f"model {place.name[:12]} in {place.parent} is refused: {reason}; train it again with "
        "`palermo models train` or restore the folder from where it was made"
    )
