"""Where compiled kernels are kept, and a word to the user before they are made."""

import os
from importlib.metadata import version
from pathlib import Path

import platformdirs

VARIABLE = "NUMBA_CACHE_DIR"


def prepare_cache() -> Path:
    """The folder of compiled kernels; must be called before anything imports numba.

    An installation that cannot be written to keeps them in the user's cache folder.
    """
    if VARIABLE in os.environ:
        return Path(os.environ[VARIABLE])
    beside = _kernels() / "__pycache__"
    if os.access(beside if beside.exists() else _kernels(), os.W_OK):
        return beside
    folder = platformdirs.user_cache_path("palermo") / "compiled" / version("palermo")
    os.environ[VARIABLE] = str(folder)
    return folder


def is_compiled(folder: Path) -> bool:
    """Whether kernels have been compiled before."""
    return any(folder.rglob("*.nbi")) if folder.is_dir() else False


def _kernels() -> Path:
    return Path(__file__).parents[1] / "models" / "kernels"
