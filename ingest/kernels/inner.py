"""Kernels that only kernels call."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from numba import njit

Kernel = TypeVar("Kernel", bound=Callable[..., Any])

WITHOUT_WAY_IN: Mapping[str, Any] = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}


def inner(kernel: Kernel) -> Kernel:
    """A kernel without a way in from Python, which is a sixth of what compiling takes: called from
    there it ends the process. Its code is kept with that of the kernels that call it."""
    made: Kernel = njit(**WITHOUT_WAY_IN)(kernel)
    return made
