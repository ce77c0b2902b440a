"""Local ends of transfers by themselves, where the library's threads decide the order."""

from __future__ import annotations

import io

from hypothesis import given
from hypothesis import strategies as st

from globus_hl.gridftp.ends import StreamSink

pieces = st.lists(st.binary(min_size=1, max_size=5), max_size=8)


@given(blocks=pieces, origin=st.integers(0, 2**40), data=st.data())
def test_blocks_that_overtake_each_other_are_written_in_order(
    blocks: list[bytes], origin: int, data: st.DataObject
) -> None:
    stream = io.BytesIO()
    stream.seekable = lambda: False  # type: ignore[method-assign]
    sink = StreamSink(stream, 2, 5, origin, in_order=True)
    offsets = [origin + len(b"".join(blocks[:index])) for index in range(len(blocks))]
    for index in data.draw(st.permutations(range(len(blocks)))):
        buffer = bytearray(blocks[index].ljust(5))
        sink.write(buffer, len(blocks[index]), offsets[index])
        buffer[:] = b"again"  # it is used for the next block
    assert stream.getvalue() == b"".join(blocks)
