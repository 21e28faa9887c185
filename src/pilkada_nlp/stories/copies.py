"""Which articles are copies of one text: found by MinHash, verified on the runs of words themselves."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

from pilkada_nlp.stories.occasions import another_occasion
from pilkada_nlp.stories.telling import SHINGLES, Telling

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Shingles = npt.NDArray[np.uint32]

_BANDS, _ROWS = 42, 3  # of MinHash: texts of similarity 0.3 meet with a chance of 68 %, of 0.5 with 99.6 %
_BEFORE: Final = 3  # earlier texts of a band that are looked at; a chain of copies needs only the nearest
_AT_ONCE: Final = 4096  # texts whose MinHash values are computed together, which bounds the memory
_DAYS: Final = 3  # copies appear within days; the same words a month later are another event
_SAME: Final = 0.3  # Jaccard similarity of copies; rewritten texts and other events of our corpus stay below 0.03
_PLAINLY: Final = 0.8  # similarity from which it is the same text, whatever was made of it
_WITHIN: Final = 0.6  # share of a shorter text that stands in the longer one


class Copies(NamedTuple):
    """`first[i]` is the earliest text that text i is a copy of (i itself when there is none), through other copies.

    `nearest[i]` is the earlier copy that it resembles most and how much.
    """

    first: list[int]
    nearest: dict[int, tuple[int, float]]


def find_copies(told: Sequence[Telling]) -> Copies:
    """Return the copies among tellings that are in order of time."""
    import numpy as np

    shingles = [np.frombuffer(telling.shingles, "<u4") for telling in told]
    first = list(range(len(told)))

    def root(at: int) -> int:
        while first[at] != at:
            first[at] = first[first[at]]
            at = first[at]
        return at

    nearest: dict[int, tuple[int, float]] = {}
    for earlier, later in _candidates(shingles):
        one, other = told[earlier], told[later]
        if (other.day - one.day).days > _DAYS:
            continue
        similarity = _copied(one, other)
        if similarity:
            if later not in nearest or similarity > nearest[later][1]:
                nearest[later] = earlier, similarity
            a, b = sorted((root(earlier), root(later)))
            first[b] = a
    firsts = [root(at) for at in range(len(told))]
    for at, text in enumerate(firsts):
        if text != at and at not in nearest:  # it resembles only later copies
            nearest[at] = text, _overlap(told[text], told[at])[0]
    return Copies(firsts, nearest)


def filled_in_anew(one: Telling, other: Telling) -> bool:
    """Return whether two texts are one form on two occasions, so neither copies nor tellings of one event."""
    return another_occasion(one, other) and _alike(one, other) > 0 and not _copied(one, other)


def _copied(one: Telling, other: Telling) -> float:
    """Return the Jaccard similarity of a text and its copy, 0 for what is none."""
    similarity = _alike(one, other)
    # How far a case has come is read out of the words, and now and then differently out of nearly the same words.
    return 0.0 if similarity and another_occasion(one, other, staged=similarity < _PLAINLY) else similarity


def _alike(one: Telling, other: Telling) -> float:
    """Return the Jaccard similarity of two texts of which much is the same, else 0."""
    similarity, within = (1.0, 1.0) if one.shingles == other.shingles else _overlap(one, other)
    return similarity if similarity >= _SAME or within >= _WITHIN else 0.0


def _overlap(one: Telling, other: Telling) -> tuple[float, float]:
    """Return the Jaccard similarity of two texts, and the share of the shorter that stands in the longer one."""
    import numpy as np

    some, others = np.frombuffer(one.shingles, "<u4"), np.frombuffer(other.shingles, "<u4")
    ends = [text[-1] for text in (some, others) if len(text) == SHINGLES]
    if ends:  # of a long text only the least hashes are kept, so both are known up to there
        some, others = (text[: np.searchsorted(text, min(ends), "right")] for text in (some, others))
    common = len(np.intersect1d(some, others, assume_unique=True))
    return common / (len(some) + len(others) - common), common / min(len(some), len(others))


def _candidates(shingles: Sequence["Shingles"]) -> list[tuple[int, int]]:
    """Return pairs of texts that share a band of MinHash values, earlier and later."""
    import numpy as np

    found = []
    for band in _bands(shingles).T:
        order = np.argsort(band, kind="stable")  # equal values in order of time
        for back in range(1, _BEFORE + 1):
            same = band[order[back:]] == band[order[:-back]]
            found.append(order[:-back][same] * len(shingles) + order[back:][same])
    pairs = np.unique(np.concatenate(found))
    return list(zip((pairs // len(shingles)).tolist(), (pairs % len(shingles)).tolist(), strict=True))


def _bands(shingles: Sequence["Shingles"]) -> "npt.NDArray[np.uint64]":
    """Return for each text (row) its bands of MinHash values, each mixed into one number."""
    import numpy as np
    from rensa import RMinHash

    bands = np.empty((len(shingles), _BANDS), np.uint64)
    for start in range(0, len(shingles), _AT_ONCE):
        some = shingles[start : start + _AT_ONCE]
        ends = [0, *np.cumsum([len(text) for text in some]).tolist()]
        matrix = RMinHash.digest_matrix_from_flat_token_hashes(
            np.concatenate(some).astype(np.uint64), ends, _BANDS * _ROWS, 1
        )
        rows = np.array(matrix.to_rows(), np.uint64).reshape(len(some), _BANDS, _ROWS)
        bands[start : start + _AT_ONCE] = (
            (rows[..., 0] << np.uint64(32)) ^ (rows[..., 1] << np.uint64(16)) ^ rows[..., 2]
        )
    return bands
