"""Which model serves: the shipped one, or the version of one's own that was put in service.

A folder of models holds a folder for each version and `champion.json`, which names the version in service and is always
replaced whole. Serving reads that file once, when it loads its tagger, so that a run ends with the model it began with.
"""

import os
from pathlib import Path

import msgspec

from pilkada_nlp.errors import ModelError

POINTER = "champion.json"


class Champion(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What `champion.json` says: the version in service, None for the shipped model, and those that were before it.

    `before` is oldest first. `allowed` holds for each version the sentences on what was allowed when it was promoted.
    """

    serving: str | None = None
    before: tuple[str | None, ...] = ()
    allowed: dict[str, tuple[str, ...]] = {}  # msgspec gives each struct an empty dict of its own


def models_folder() -> Path:
    """Return where versions of one's own lie unless told otherwise (`$XDG_DATA_HOME/pilkada/models`)."""
    home = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(home) / "pilkada" / "models"


def shipped_model() -> Path:
    """Return the folder of the model that comes with the package, in an installed wheel or in a source checkout."""
    package = Path(__file__).parents[1]
    installed = package / "models" / "tagger"
    return installed if installed.is_dir() else package.parents[1] / "models" / "tagger"


def read_champion(folder: Path) -> Champion:
    """Return what the pointer in a folder of models says; ModelError when it cannot be read."""
    try:
        return msgspec.json.decode((folder / POINTER).read_bytes(), type=Champion)
    except FileNotFoundError:
        return Champion()
    except (OSError, msgspec.MsgspecError) as error:
        raise ModelError(
            f"cannot be read ({error}); remove it to serve with the shipped model", folder / POINTER
        ) from error


def serving_model(folder: Path | None = None) -> Path:
    """Return the model that serves: the version that `folder` (by default `models_folder()`) names, or the shipped one.

    Raises ModelError when the pointer cannot be read, or names a version that is not there.
    """
    folder = folder or models_folder()
    name = read_champion(folder).serving
    if name is None:
        return shipped_model()
    if not (folder / name).is_dir():
        raise ModelError("this version is in service and is not there; run `pilkada rollback`", folder / name)
    return folder / name
