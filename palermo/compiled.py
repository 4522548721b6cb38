"""Where compiled kernels are kept, and a word to the user before they are made."""

import os
from hashlib import blake2b
from pathlib import Path

import platformdirs

VARIABLE = "NUMBA_CACHE_DIR"


def prepare_cache() -> Path:
    """The folder of compiled kernels; must be called before anything imports numba.

    A working copy keeps them beside the source. An installation keeps them in the user's cache
    folder under the hash of the source: its files all carry one date, by which numba would take
    the kernels of an earlier release for its own.
    """
    if VARIABLE in os.environ:
        return Path(os.environ[VARIABLE])
    if (_kernels().parents[1] / "pyproject.toml").exists():
        return _kernels() / "__pycache__"
    folder = platformdirs.user_cache_path("palermo") / "compiled" / _hash_of_kernels()
    os.environ[VARIABLE] = str(folder)
    return folder


def is_compiled(folder: Path) -> bool:
    """Whether kernels have been compiled before."""
    return any(folder.rglob("*.nbi")) if folder.is_dir() else False


def _hash_of_kernels() -> str:
    digest = blake2b(digest_size=8)
    for package in (_kernels().parent, _kernels().parents[1] / "ingest"):
        for source in sorted(package.rglob("*.py")):
            digest.update(source.read_bytes())
    return digest.hexdigest()


def _kernels() -> Path:
    return Path(__file__).parents[1] / "models" / "kernels"
