"""Numbers of large cells are turned into floats a block of rows at a time, without changing any."""

from __future__ import annotations

import numpy as np
import pytest

from archlint.analyses.recurrent.quantized import (
    BLOCK,
    Quantised,
    blocks,
    held,
    numbers,
    row_norms,
    times_transposed,
)

RNG = np.random.default_rng(0)
TALL = RNG.standard_normal((2 * BLOCK // 128 + 100, 128))
"""More than two blocks of rows."""


def quantised(rows: int, columns: int) -> Quantised:
    codes = RNG.integers(-128, 128, (columns, rows)).astype(np.int8).T
    return Quantised(codes, np.full(rows, 0.01, np.float32), RNG.integers(-3, 3, rows).astype(np.float32))


def test_every_finite_half_is_widened_as_numpy_does() -> None:
    every = np.arange(1 << 16, dtype=np.uint16).view(np.float16)
    finite = every[np.isfinite(every)]
    wide = numbers(finite, np.float32)
    assert np.array_equal(wide.view(np.int32), finite.astype(np.float32).view(np.int32))


STORED = {
    "float16": TALL.astype(np.float16),
    "float32": TALL.astype(np.float32),
    "float64": TALL,
    "at an odd address": np.frombuffer(b"\0" + TALL.astype(np.float32).tobytes(), np.uint8)[1:]
    .view("<f4")
    .reshape(TALL.shape),
    "int8": quantised(*TALL.shape),
    "small": TALL[:7, :5].astype(np.float16),
}


@pytest.mark.parametrize("stored", STORED.values(), ids=STORED)
@pytest.mark.parametrize("dtype", [np.float32, np.float64], ids=["single", "double"])
def test_products_are_those_of_the_whole_matrix(stored, dtype) -> None:
    whole = np.asarray(stored[:], dtype)
    x = RNG.standard_normal((3, whole.shape[1])).astype(dtype)
    for weights in (stored, held(stored, dtype)):
        np.testing.assert_allclose(times_transposed(x, weights), x @ whole.T, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(row_norms(stored), np.linalg.norm(whole.astype(np.float64), axis=1), rtol=1e-6)
    np.testing.assert_array_equal(np.concatenate([part.copy() for _, part in blocks(stored, dtype)]), whole)
