"""Writing a file so that a reader sees the old one or the new one, never a part."""

import os
import tempfile
from pathlib import Path

from pilkada_nlp.errors import OutputError


def replace_file(path: Path, content: bytes, *, make_folder: bool = False) -> None:
    """Put `content` in the place of the file at `path`, whole or not at all.

    Raises OutputError when that is not possible, or when its folder is missing and `make_folder` does not say to make
    it: a folder of the program's own is made, one in a path that somebody typed may be a slip.
    """
    try:
        if make_folder:
            path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
        fresh = Path(name)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            fresh.chmod(0o644)
            fresh.replace(path)
        finally:
            fresh.unlink(missing_ok=True)
    except OSError as error:
        raise OutputError(
            f"cannot be written ({error.strerror or error}); check the folder and the space on the disk", path
        ) from error
