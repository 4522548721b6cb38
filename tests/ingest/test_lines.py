from collections.abc import Iterator, Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.lines import Line, Lines


def lines_of(chunks: Sequence[bytes], bound: int = 1 << 20) -> list[Line]:
    source: Iterator[bytes] = iter([*[chunk for chunk in chunks if chunk], b""])
    lines = Lines(lambda: next(source), bound=bound)
    found: list[Line] = []
    while (line := lines.take()) is not None:
        found.append(line)
    assert lines.is_at_end
    return found


@settings(deadline=None)
@given(st.lists(st.sampled_from([b"a", b"bc", b"\n", b"\r\n", b" "]), max_size=30), st.data())
def test_however_a_stream_is_cut_its_lines_are_the_same(
    parts: list[bytes], data: st.DataObject
) -> None:
    stream = b"".join(parts)
    at = data.draw(st.integers(0, len(stream)))

    assert lines_of([stream[:at], stream[at:]]) == lines_of([stream])


@settings(deadline=None)
@given(st.lists(st.sampled_from([b"a", b"bcdef", b"\n", b" "]), max_size=30))
def test_lines_are_what_lies_at_their_offsets(parts: list[bytes]) -> None:
    stream = b"".join(parts)

    for line in lines_of(parts, bound=4):
        whole = stream[line.offset : line.offset + line.length]
        assert whole[:4] == line.value
        assert b"\n" not in whole
        assert stream[: line.offset].count(b"\n") == line.number - 1


def test_nothing_at_the_moment_is_not_the_end() -> None:
    source = iter([b"a\nb", None, b"c\n", b""])
    lines = Lines(lambda: next(source), bound=10)

    found = [lines.take() for _ in range(4)]

    assert [line.value if line else None for line in found] == [b"a", None, b"bc", None]
    assert lines.is_at_end


def test_only_the_bound_of_a_long_line_is_kept() -> None:
    (line,) = lines_of([b"x" * 50] * 100 + [b"\n"], bound=60)

    assert (len(line.value), line.length, line.is_ended) == (60, 5_000, True)
