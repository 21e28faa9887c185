"""What keeps two tellings apart however alike they read: another place, another date, another stage of a case."""

from typing import TYPE_CHECKING, Final, overload

from pilkada_nlp.stories.telling import Telling

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Ints = npt.NDArray[np.int64]

_STAGES: Final = (
    "dugaan laporan registrasi klarifikasi kajian rekomendasi penyidikan tuntutan putusan banding eksekusi".split()
)
_REPORT: Final = _STAGES.index("laporan") + 1
_RULING: Final = _STAGES.index("putusan") + 1


def another_occasion(one: Telling, other: Telling, *, staged: bool = True) -> bool:
    """Return whether two texts name other dates or other places, or, if `staged`, other stages of a case."""
    if one.dates and other.dates and not one.dates & other.dates:
        return True
    if one.regions and other.regions and not _near(one, other):
        return True
    return staged and moved_on(stage(one), stage(other), (other.day - one.day).days)


def _near(one: Telling, other: Telling) -> bool:
    return any(nested(here.code, there.code) for here in one.regions for there in other.regions)


def nested(one: str, other: str) -> bool:
    """Return whether two region codes are of one region, or one is the province around the other."""
    return one.startswith(other) or other.startswith(one)


def stage(told: Telling) -> int:
    """Return how far a case has come, 0 for what is no case."""
    reached = "putusan" if told.case_stage == "dihentikan" else told.case_stage
    return _STAGES.index(reached) + 1 if reached in _STAGES else 0


@overload
def moved_on(one: int, other: int, days: int) -> bool: ...
@overload
def moved_on(one: "Ints", other: "Ints", days: "Ints") -> "npt.NDArray[np.bool_]": ...
def moved_on(one: "int | Ints", other: "int | Ints", days: "int | Ints") -> "bool | npt.NDArray[np.bool_]":
    """Return whether a case is further in one telling than in the other, by their stages and the days between them.

    Within a day it hardly moves on, and what one newsroom calls an examination another calls a report: only a report
    and a ruling are then two events.
    """
    far = ((one <= _REPORT) & (other >= _RULING)) | ((other <= _REPORT) & (one >= _RULING))
    return (one > 0) & (other > 0) & (one != other) & ((days != 0) | far)
