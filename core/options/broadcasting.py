"""Prepare arrays for the pricer and the implied volatility: broadcasting, blocks and the sign of the right."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

# Blocks of this many doubles keep the temporaries in the cache: a million at once runs at half the speed, and
# much smaller blocks pay numpy's cost per call too often.
BLOCK = 16_384

_SIGN_OF_WORD = {"C": 1.0, "CALL": 1.0, "P": -1.0, "PUT": -1.0}


def right_sign(is_call: ArrayLike) -> Floats:
    """Return +1 for calls and -1 for puts.

    Accepts booleans (True is a call), the numbers 1 and 0, or the words C, CALL, P, PUT in any case, as a
    scalar or an array; raises ValueError for anything else.
    """
    right = np.asarray(is_call)
    if right.dtype == np.bool_:
        return np.where(right, 1.0, -1.0)
    if right.dtype.kind in "iuf":
        if not np.isin(right, (0, 1)).all():
            raise ValueError("is_call: numbers other than 1 (call) and 0 (put) are not a right")
        return np.where(right == 1, 1.0, -1.0)
    return np.array([_sign_of(one) for one in right.ravel()], dtype=np.float64).reshape(right.shape)


def _sign_of(one: object) -> float:
    if isinstance(one, bool | np.bool_):
        return 1.0 if one else -1.0
    sign = _SIGN_OF_WORD.get(str(one).strip().upper())
    if sign is None:
        raise ValueError(f"is_call: {one!r} is not a right (use a boolean, C, CALL, P or PUT)")
    return sign


def flatten(*inputs: ArrayLike) -> tuple[tuple[int, ...], int, list[Floats]]:
    """Broadcast the inputs together and return their common shape, size and flat forms.

    An input of one element stays a 0-d array, so that work on it is done once, except the first, which is
    always spread to the full length to give every block its shape. Raises ValueError when the shapes do not
    fit together.
    """
    arrays = [np.asarray(one, dtype=np.float64) for one in inputs]
    shape = np.broadcast_shapes(*(one.shape for one in arrays))
    flat: list[Floats] = [np.broadcast_to(arrays[0], shape).reshape(-1)]
    flat.extend(
        one.reshape(()) if one.size == 1 else np.broadcast_to(one, shape).reshape(-1) for one in arrays[1:]
    )
    return shape, flat[0].size, flat


def blocks(size: int, arrays: list[Floats]) -> Iterator[tuple[slice, list[Floats]]]:
    """Yield slices of at most BLOCK elements with the arrays cut to them (0-d arrays are passed unchanged)."""
    if size <= BLOCK:
        if size:
            yield slice(0, size), arrays
        return
    for start in range(0, size, BLOCK):
        cut = slice(start, min(start + BLOCK, size))
        yield cut, [one if one.ndim == 0 else one[cut] for one in arrays]
