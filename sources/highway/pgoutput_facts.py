"""What landing keeps of every change beside its values: operation, position and commit time.

Texts that all have the same width are written as one matrix of letters, which is already the buffer
of an Arrow column. Add here what every captured row carries. Keep out: the values themselves
(``pgoutput_tuple.py``).
"""

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from sources.highway.pgoutput_tuple import Positions

_HEX = np.array([f"{byte:02X}".encode() for byte in range(256)], dtype="S2")


def change_facts(
    operations: NDArray[np.uint8], lsns: Positions, numbers: Positions, *, microseconds: Positions
) -> pa.Table:
    """``ChangeRun.changes`` from letters, commit LSNs, numbers and commit times since 1970."""
    count = len(operations)
    instants = pa.Array.from_buffers(pa.timestamp("us"), count, [None, pa.py_buffer(microseconds)])
    return pa.table(
        {
            "_op": _texts_of_one_width(operations.reshape(count, 1)),
            "_position": _texts_of_one_width(_positions(lsns, numbers)),
            "_committed_at": instants,
        }
    )


def _positions(lsns: Positions, numbers: Positions) -> NDArray[np.uint8]:
    """``position_text`` of every row: 16 hex digits, a point, 8 hex digits."""
    count = len(lsns)
    text = np.empty((count, 25), dtype=np.uint8)
    text[:, :16] = _hexadecimal(lsns.astype(">u8"))
    text[:, 16] = ord(".")
    text[:, 17:] = _hexadecimal(numbers.astype(">u4"))
    return text


def _hexadecimal(big_endian: NDArray[np.generic]) -> NDArray[np.uint8]:
    count = len(big_endian)
    return _HEX[big_endian.view(np.uint8)].view(np.uint8).reshape(count, -1)


def _texts_of_one_width(text: NDArray[np.uint8]) -> pa.Array:
    count, width = text.shape
    offsets = np.arange(count + 1, dtype=np.int32) * np.int32(width)
    return pa.Array.from_buffers(
        pa.string(), count, [None, pa.py_buffer(offsets), pa.py_buffer(np.ascontiguousarray(text))]
    )
