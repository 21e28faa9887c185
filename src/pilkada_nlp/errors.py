"""The one error tree of pilkada-nlp.

    PilkadaError                 anything that this package raises on purpose
    ├── ConfigError(path)        the configuration or an outlets file is missing or wrong
    ├── InputError(path, line)   a file or line given by the user cannot be read
    ├── ModelError(path)         a model folder is missing, changed, or of another format
    ├── ArchiveError(url)        the archive cannot be opened, read or written
    │   └── ArchiveBusyError     another run works on it
    ├── MissingExtraError        something optional is needed and not installed
    └── OutputError(path)        a result cannot be written

What a stage sets aside in the normal course of work (a page refused by robots.txt, a consent wall) is not an
error: it is an `article.Rejection`.
"""

from pathlib import Path


class PilkadaError(Exception):
    """Root of the tree; `str(error)` is a sentence for people that says what to do."""


class ConfigError(PilkadaError):
    """The configuration file or an outlets file is missing or wrong; `path` is the file."""

    def __init__(self, message: str, path: Path | None = None) -> None:
        super().__init__(message)
        self.path = path


class InputError(PilkadaError):
    """A file or line given by the user cannot be read; `path` is the file, `line` counts from 1."""

    def __init__(self, message: str, path: str, line: int | None = None) -> None:
        where = path if line is None else f"{path}, line {line}"
        super().__init__(f"{where}: {message}")
        self.path = path
        self.line = line


class ModelError(PilkadaError):
    """A model folder is missing, was changed, or has a format that this version does not read."""

    def __init__(self, message: str, path: Path) -> None:
        super().__init__(f"{path}: {message}")
        self.path = path


class ArchiveError(PilkadaError):
    """The archive at `url` cannot be opened, read or written."""

    def __init__(self, message: str, url: str) -> None:
        super().__init__(f"archive {url}: {message}")
        self.url = url


class ArchiveBusyError(ArchiveError):
    """Another run works on the archive; it is free again when that one is done."""


class MissingExtraError(PilkadaError):
    """What was asked for needs a package that is not installed; the message says how to install it."""


class OutputError(PilkadaError):
    """A result file or folder at `path` cannot be written."""

    def __init__(self, message: str, path: Path) -> None:
        super().__init__(f"{path}: {message}")
        self.path = path
