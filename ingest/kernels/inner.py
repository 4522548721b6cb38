"""How kernels are compiled that other kernels call.

Numba counts the uses of every array a function is given, one by one and atomically, at each call:
a tuple of thirty arrays costs half a microsecond, more than most kernels do with it. A kernel that
makes no array has nothing to count. Those here that say so are refused by the compiler if they make
one; they must not be given one by a kernel they call either, for nobody would free it.
"""

import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any, TypeVar

from numba import njit

Kernel = TypeVar("Kernel", bound=Callable[..., Any])

WITHOUT_WAY_IN: Mapping[str, Any] = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}
COUNTING: Mapping[str, Any] = {"_nrt": True}
NOT_COUNTING: Mapping[str, Any] = {"_nrt": False}
_LINEAR_ALGEBRA = "scipy.linalg"


def inner(kernel: Kernel) -> Kernel:
    """A kernel that makes no array and has no way in from Python, which is a sixth of what
    compiling takes: called from there it ends the process. Its code is kept with that of the
    kernels that call it."""
    made: Kernel = njit(**WITHOUT_WAY_IN, **NOT_COUNTING)(kernel)
    return made


def making(kernel: Kernel) -> Kernel:
    """An inner kernel that makes arrays, or is given one by a kernel it calls."""
    # Said, for it would follow the kernel that calls it.
    made: Kernel = njit(**WITHOUT_WAY_IN, **COUNTING)(kernel)
    return made


def lean(kernel: Kernel) -> Kernel:
    """A kernel that makes no array and may be called from Python too."""
    made: Kernel = njit(cache=True, **NOT_COUNTING)(kernel)
    return made


def _load_without_linear_algebra() -> None:
    """Numba loads that of SciPy, which no kernel here uses: a tenth of a start."""
    if _LINEAR_ALGEBRA in sys.modules:
        return
    sys.modules[_LINEAR_ALGEBRA] = None  # type: ignore[assignment] # so Python takes it for missing
    try:
        import_module("numba.np.arraymath")
    finally:
        del sys.modules[_LINEAR_ALGEBRA]


_load_without_linear_algebra()
