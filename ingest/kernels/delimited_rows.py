"""Rows of delimited text, cut into cells without a Python object."""

import numpy as np
from numba import njit

from ingest.kernels.cells import NONE, Bools, Bytes, Int32s, may_be_stripped

_FIRST_BLANK, _QUOTE, _FIRST_WIDE = 0x20, 34, 0x80


def ends_of_cell(quote: int, *, is_wide_plain: bool) -> Bools:
    """Bytes that no plain cell holds: quotes, controls, and all beyond ASCII unless
    `is_wide_plain`, which says that the whole buffer is valid UTF-8. quote: -1 if there is none."""
    ends = np.zeros(256, np.bool_)
    ends[:_FIRST_BLANK] = True
    ends[[_QUOTE, *([quote] if quote >= 0 else [])]] = True
    ends[_FIRST_WIDE:] = not is_wide_plain
    return ends


@njit(cache=True)
def read_delimited_rows(
    data: Bytes,
    row_starts: Int32s,
    row_stops: Int32s,
    delimiter: int,
    quote: int,
    columns: Int32s,
    ends: Bools,
    starts: Int32s,
    lengths: Int32s,
    is_plain: Bools,
) -> None:
    """Cells (column, row) of every row that is plain: as many cells as the layout has, quotes only
    around a whole cell, nothing that stripping could change. columns[i] = the column that the
    i-th cell of a row goes to, -1 if nobody wants it. ends: bytes no plain cell holds. O(bytes)."""
    for row in range(row_starts.shape[0]):
        for column in range(lengths.shape[0]):
            lengths[column, row] = NONE
        at, stop, cell = row_starts[row], row_stops[row], 0
        is_plain[row] = False
        while cell < columns.shape[0]:
            is_quoted = at < stop and data[at] == quote
            first = at + is_quoted
            after = first
            last = quote if is_quoted else delimiter
            while after < stop and data[after] != last and not ends[data[after]]:
                after += 1
            if is_quoted:
                if after >= stop or data[after] != quote:
                    break
                at = after + 1
            else:
                at = after
            if at < stop and data[at] != delimiter:
                break
            column, length = columns[cell], after - first
            if column >= 0 and length > 0:
                if may_be_stripped(data, first, length):
                    break
                starts[column, row], lengths[column, row] = first, length
            cell += 1
            if at >= stop:
                is_plain[row] = cell == columns.shape[0]
                break
            at += 1
            if cell == columns.shape[0]:
                break
