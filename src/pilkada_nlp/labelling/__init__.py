"""Labels in and out: what people say about articles, in the files that they and their tools use.

Every format is read into `Labelling`s and written from them, without loss: ids, metadata, the order, every character.
What a format cannot hold is refused with the reason. `conflicts` lists where several labellings of one article differ,
`resolve` makes one of them. `guessed` is what a person starts from; `labelled` lays what was said over a tagging.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final, Literal, get_args

from pilkada_nlp.article import Article, Tagging
from pilkada_nlp.errors import InputError, OutputError
from pilkada_nlp.files import replace_file
from pilkada_nlp.labelling.agreement import Conflict, How, conflicts, resolve
from pilkada_nlp.labelling.json_lines import doccano_lines, own_lines, read_doccano, read_own
from pilkada_nlp.labelling.label_studio import read_tasks, task_list
from pilkada_nlp.labelling.record import Labelling, Reading, Skipped, Span
from pilkada_nlp.labelling.tables import csv_table, read_csv, read_xlsx, xlsx_table
from pilkada_nlp.labelling.taggings import Tagged, guessed, labelled
from pilkada_nlp.labelling.tasks import guessed_tasks, labelling_interface
from pilkada_nlp.labelling.vocabulary import Vocabulary

__all__ = [
    "Conflict",
    "Format",
    "How",
    "Labelling",
    "Reading",
    "Skipped",
    "Span",
    "Tagged",
    "conflicts",
    "guessed",
    "labelled",
    "labelling_interface",
    "read_labels",
    "resolve",
    "write_labels",
    "write_tasks",
]

Format = Literal["jsonl", "csv", "xlsx", "doccano", "doccano-spans", "label-studio"]

_BY_ENDING: Final[Mapping[str, Format]] = {".jsonl": "jsonl", ".csv": "csv", ".xlsx": "xlsx", ".json": "label-studio"}
_READERS: Final[Mapping[Format, Callable[[Path, Vocabulary], Reading]]] = {
    "jsonl": read_own,
    "csv": read_csv,
    "xlsx": read_xlsx,
    "doccano": read_doccano,
    "doccano-spans": read_doccano,
    "label-studio": read_tasks,
}
_WRITERS: Final[Mapping[Format, Callable[[Sequence[Labelling], Path], bytes]]] = {
    "jsonl": lambda labellings, _: own_lines(labellings),
    "csv": lambda labellings, _: csv_table(labellings),
    "xlsx": xlsx_table,
    "doccano": lambda labellings, _: doccano_lines(labellings, spans=False),
    "doccano-spans": lambda labellings, _: doccano_lines(labellings, spans=True),
    "label-studio": lambda labellings, _: task_list(labellings),
}


def read_labels(path: Path, form: Format | None = None, taxonomy: Path | None = None) -> Reading:
    """Return the labellings of a file in their order, and what was left out of it with the reason.

    The ending of the name says which format it is (.jsonl our own, .csv, .xlsx, .json Label Studio) unless `form` does.
    Themes are those of the shipped taxonomy or of the file `taxonomy`. Raises InputError naming file, line (row, task)
    and field for the first thing that cannot be read, with some further wrong rows of a spreadsheet as its notes;
    PilkadaError when XLSX is asked for without openpyxl.
    """
    form = form or _BY_ENDING.get(path.suffix.lower())
    if form is None:
        raise InputError(f"its ending names no format; say which of {', '.join(get_args(Format))} it is", str(path))
    return _READERS[form](path, Vocabulary(taxonomy))


def write_labels(
    labellings: Iterable[Labelling], path: Path, form: Format | None = None, taxonomy: Path | None = None
) -> None:
    """Write a file of labellings, whole or not at all; format and themes as for `read_labels`.

    Raises OutputError for a labelling that the format cannot hold, naming article and field, and for a file that cannot
    be written; PilkadaError when XLSX is asked for without openpyxl.
    """
    form = form or _BY_ENDING.get(path.suffix.lower())
    if form is None:
        raise OutputError(f"its ending names no format; say which of {', '.join(get_args(Format))} it is", path)
    labellings = list(labellings)
    vocabulary = Vocabulary(taxonomy)
    for labelling in labellings:
        try:
            vocabulary.check(labelling)
        except ValueError as error:
            raise OutputError(f"article {labelling.article.id}: {error}", path) from error
    replace_file(path, _WRITERS[form](labellings, path))


def write_tasks(tagged: Iterable[tuple[Article, Tagging]], path: Path) -> None:
    """Write tasks for Label Studio that begin with what a model says of the articles (`predictions`).

    Raises OutputError when the file cannot be written.
    """
    replace_file(path, guessed_tasks(tagged))
