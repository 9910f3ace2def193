"""The entries of many subjects as arrays: what sums over sets read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Whole = NDArray[np.int64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Postings:
    """Sealed entries of `subjects` subjects, one element a posting, or sums of them; days are ordinals.

    `code` is the place in `columns` of what the other columns say. `occasion` counts shifts and activities from 0 up to
    `named`; a posting that belongs to none has a negative number, which its reversal shares. A reversal has `count` −1.
    Numbers may be as narrow as what they hold: nothing is added or multiplied before it is made wide.
    Sums of months stand on a day of theirs and have no occasions; `wide` says then of whom they hide something: an
    occasion in several months, or an amount below nought that takes nothing back. It is None for single postings.
    """

    subject: NDArray[np.int32]
    day: NDArray[np.int32]
    amount: Whole
    count: NDArray[np.int8]
    code: NDArray[np.uint16]
    occasion: Whole
    columns: Sequence[dict[str, str | None]]
    subjects: int
    named: int
    wide: Flags | None = None
