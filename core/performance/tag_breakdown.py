"""Groups of trades by tag: one with several tags is in the group of each, one without any in a group of its own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from core.notes import NO_TAG
from core.performance.columns import Bools, Codes

_BETWEEN = " "
"""Between the tags of one trade in a label; a tag has no blank in it."""


def tag_codes(tags: Sequence[Sequence[str]]) -> Codes:
    """Return the tags of each trade as a column: its labels are the sets of tags that occur."""
    known: dict[str, int] = {}
    codes = [known.setdefault(_BETWEEN.join(sorted(each)), len(known)) for each in tags]
    return Codes(tuple(known), np.array(codes, dtype=np.int32))


def tag_groups(column: Codes) -> Iterator[tuple[str, Bools]]:
    """Yield each tag with a mask of its trades, the most used first, and last the trades without a tag."""
    masks: dict[str, Bools] = {}
    for code, label in enumerate(column.labels):
        of_set = column.codes == code
        for tag in label.split(_BETWEEN) if label else (NO_TAG,):
            masks[tag] = masks[tag] | of_set if tag in masks else of_set
    for tag in sorted(masks, key=lambda tag: (tag == NO_TAG, -int(masks[tag].sum()), tag)):
        if masks[tag].any():
            yield tag, masks[tag]
