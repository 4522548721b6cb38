"""Eight bytes of a buffer at once, from any place on, as one number: the first byte is its lowest.

A buffer that is read or written so has eight bytes to spare after what is meant.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic
from numba.np.arrayobj import make_array

from ingest.kernels.inner import inner

Bytes = Any
"""An array of bytes."""
Eight = Any
"""A number of 64 bits without sign."""

_kernel_alone: Callable[..., Any] = intrinsic
"""What only kernels call; its parameters there are those after the first."""
_array_of: Callable[..., Any] = make_array
_EIGHT = ir.IntType(64)
_ONES = np.uint64(0x0101010101010101)
_HIGHEST = np.uint64(0x8080808080808080)
_BITS = np.uint64(8)


@_kernel_alone
def eight_at(typing_context: Any, data: Any, at: Any) -> Any:
    """eight_at(data, at): the bytes from `at` on."""

    def generate(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        return builder.load(_place(context, builder, signature, given), align=1, typ=_EIGHT)

    return types.uint64(data, types.int64), generate


@_kernel_alone
def put_eight(typing_context: Any, data: Any, at: Any, number: Any) -> Any:
    """put_eight(data, at, number): lets the bytes from `at` on be these."""

    def generate(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        builder.store(given[2], _place(context, builder, signature, given), align=1)
        return context.get_dummy_value()

    return types.void(data, types.int64, types.uint64), generate


@_kernel_alone
def _zeros_below(typing_context: Any, number: Any) -> Any:
    """How many of the lowest bits are 0; of a number that is not."""

    def generate(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        return builder.cttz(given[0], ir.Constant(ir.IntType(1), 1))

    return types.int64(types.uint64), generate


@inner
def marks_of(number: Eight, byte: int) -> Eight:
    """Not 0 if one of the bytes is this one; the lowest mark is right, others above it may not
    be."""
    differs = number ^ (np.uint64(byte) * _ONES)
    return (differs - _ONES) & ~differs & _HIGHEST


@inner
def marks_below(number: Eight, byte: int) -> Eight:
    """The same of bytes less than this one, which is at most 128."""
    return (number - np.uint64(byte) * _ONES) & ~number & _HIGHEST


@inner
def first_marked(marks: Eight) -> Any:
    """Which byte has the lowest mark; there is one."""
    return _zeros_below(marks) >> 3


@inner
def lowest(number: Eight, count: int) -> Eight:
    """The first `count` bytes, 1 to 8, the others 0."""
    spare = _BITS * np.uint64(8 - count)
    return (number << spare) >> spare


def _place(context: Any, builder: Any, signature: Any, given: Any) -> Any:
    array = _array_of(signature.args[0])(context, builder, given[0])
    place = builder.gep(array.data, [given[1]], source_etype=ir.IntType(8))
    return builder.bitcast(place, _EIGHT.as_pointer())
