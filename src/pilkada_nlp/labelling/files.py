"""Files under limits: lines that are not endless, and sizes that fit in memory."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from pilkada_nlp.errors import InputError

LARGEST: Final = 256 * 2**20
"""Bytes of a file that is read as a whole; labels of ten thousand articles are a fifth of it."""

LONGEST_LINE: Final = 16 * 2**20
"""Bytes of a line of JSON; the longest articles have a hundredth of it."""


def content(path: Path) -> bytes:
    """Return what is in the file; InputError when it cannot be read or is larger than `LARGEST`."""
    try:
        with path.open("rb") as stream:
            read = stream.read(LARGEST + 1)
    except OSError as error:
        raise InputError(f"cannot be read ({error.strerror}); check its name and permissions", str(path)) from error
    if len(read) > LARGEST:
        raise InputError(f"is larger than {LARGEST >> 20} MB; split it", str(path))
    return read


def lines(path: Path) -> Iterator[tuple[int, str]]:
    """Yield number and text of each line that is not blank; a byte order mark goes, and so does CR before LF.

    Raises InputError for a file that cannot be read, a line longer than `LONGEST_LINE`, and what is not UTF-8.
    """
    try:
        with path.open("rb") as stream:
            number = 0
            while line := stream.readline(LONGEST_LINE + 1):
                number += 1
                if len(line) > LONGEST_LINE:
                    raise InputError(
                        f"the line is longer than {LONGEST_LINE >> 20} MB; a line holds one labelling",
                        str(path),
                        number,
                    )
                try:
                    text = line.decode("utf-8-sig" if number == 1 else "utf-8")
                except UnicodeDecodeError as error:
                    raise InputError(
                        f"is no UTF-8 text ({error.reason}); save it as UTF-8", str(path), number
                    ) from error
                if text.strip():
                    yield number, text
    except OSError as error:
        raise InputError(f"cannot be read ({error.strerror}); check its name and permissions", str(path)) from error
