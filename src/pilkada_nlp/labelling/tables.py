"""Spreadsheets: CSV and XLSX with one row for each labelling and a column for each field.

Values of a list stand in one cell with "; " between them, regions with their names ("64.02 Kabupaten Kutai
Kartanegara"), because spreadsheets make numbers and times of bare codes; a name alone is read where only one region has
it. `evidence` and `meta` are JSON. A column that we do not know becomes metadata, unless it is nearly one that we do.

CSV is written with commas as UTF-8 with a byte order mark; commas, semicolons and tabs are read. A cell that a
spreadsheet would run as a formula gets an apostrophe, which reading takes away again. In files with semicolons, as an
Indonesian Excel writes them, dates like 21/11/2024 have the day first; elsewhere they could be either and are refused.

XLSX has text in all cells, formatted as text, so that nothing typed into them is changed, and offers the values that a
cell may have. A cell holds 32,767
characters and no control characters; an article with more is refused, never cut. XLSX needs openpyxl.
"""

import csv
import io
import json
import re
import warnings
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, time
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec

from pilkada_nlp.errors import InputError, OutputError, PilkadaError
from pilkada_nlp.labelling.files import LARGEST, content
from pilkada_nlp.labelling.record import PARTS, Labelling, Reading, from_parts, to_parts
from pilkada_nlp.labelling.vocabulary import FIELDS, SEVERAL, Vocabulary, texts_of
from pilkada_nlp.regions import region, regions_called, similar_regions

if TYPE_CHECKING:
    from openpyxl.cell import Cell

_FIRST: Final = ("id", "title", "text", "date", "url", "outlet")  # before the labels, the rest of PARTS after them
COLUMNS: Final = (*_FIRST, *FIELDS, *(name for name in PARTS if name not in _FIRST))
_DATES: Final = ("date", "event_date")
_JSON: Final = ("evidence", "meta")

# What spreadsheets take for a formula, full-width signs included; with apostrophes before it, because one is added.
_FORMULA = re.compile(r"'*[=+\-@\t\r\n＝＋－＠]")
_ESCAPED = re.compile(r"'+[=+\-@\t\r\n＝＋－＠]")
_DECIMAL_COMMA = re.compile(r"\d\d,\d\d(?!\d)")  # of a code that a spreadsheet took for a number
_PLAIN_ITEM = re.compile(r"[^\s;\[](?:[^;]*[^\s;])?")
_DAY_FIRST = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})")
_SURELY_MEANT: Final = 0.8  # likeness of two names, from which one is the other with a slip
_DELIMITERS: Final = (",", ";", "\t")

_LONGEST_CELL: Final = 32_767  # units of UTF-16, by Excel's specification; openpyxl cuts what is longer
_MOST_TOLD: Final = 10  # rows with faults; who mends these has learned what the others need
_MOST_ROWS: Final = 1_048_575  # beside the header
_MOST_COLUMNS: Final = 200  # a sheet may claim 16,384, of which each row would be filled up
_NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
# In XLSX "_x000D_" stands for a carriage return, so that these very characters have to be written "_x005F_x000D_".
_CODE = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")
_CODED = re.compile(r"_x005F_(?=x[0-9A-Fa-f]{4}_)|_x000[Dd]_")


def read_csv(path: Path, vocabulary: Vocabulary) -> Reading:
    """Return the labellings of a CSV file."""
    try:
        text = content(path).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError("is no UTF-8 text; save it as “CSV UTF-8” or as .xlsx", str(path)) from error
    delimiter = _delimiter(text)

    def cells(_header: Sequence[str], record: list[str]) -> list[str]:
        return [cell[1:] if _ESCAPED.match(cell) else cell for cell in record]

    return _reading(_records(text, delimiter, path), cells, path, vocabulary, day_first=delimiter == ";")


def _reading(
    rows: Iterable[tuple[int, Any]],
    cells_of: Callable[[Sequence[str], Any], list[str]],
    path: Path,
    vocabulary: Vocabulary,
    *,
    day_first: bool,
) -> Reading:
    """Return the labellings of rows, each with the number of its first line.

    `cells_of` gives the texts of a row below the header. InputError names the first row that is wrong as a spreadsheet
    counts them; its notes are the other ones.
    """
    header: list[str] = []
    labellings: list[Labelling] = []
    wrong: list[InputError] = []
    for number, (line, row) in enumerate(rows, 1):
        try:
            cells = cells_of(header, row)
            if not header:
                header = _header(cells)
            elif any(cells):
                labellings.append(_labelling(_by_column(header, cells), vocabulary, day_first=day_first))
        except (ValueError, msgspec.ValidationError) as error:
            where = f"row {number}: {error}" if line == number else f"row {number} (line {line}): {error}"
            wrong.append(InputError(where, str(path)))
            if not header:
                break
    if wrong:
        for other in wrong[1:_MOST_TOLD]:
            wrong[0].add_note(str(other))
        if len(wrong) > _MOST_TOLD:
            wrong[0].add_note(f"{path}: {len(wrong) - _MOST_TOLD} more rows are wrong")
        raise wrong[0]
    if not header:
        raise InputError(f"is empty; the first row names the columns, {', '.join(COLUMNS)}", str(path))
    return Reading(labellings, [])


def csv_table(labellings: Sequence[Labelling]) -> bytes:
    """Return the CSV file of labellings."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    writer.writerow(COLUMNS)
    for labelling in labellings:
        writer.writerow(f"'{cell}" if _FORMULA.match(cell) else cell for cell in _cells(labelling).values())
    return buffer.getvalue().encode("utf-8-sig")


def read_xlsx(path: Path, vocabulary: Vocabulary) -> Reading:
    """Return the labellings of the first sheet of an XLSX file."""

    def cells(header: Sequence[str], row: Sequence[Any]) -> list[str]:
        names = [*header, *[""] * (len(row) - len(header))] if header else ["the header"] * len(row)
        return [_text_of(name, cell) for name, cell in zip(names, row, strict=False)]

    return _reading(enumerate(_sheet(path), 1), cells, path, vocabulary, day_first=False)


def xlsx_table(labellings: Sequence[Labelling], path: Path) -> bytes:
    """Return the XLSX file of labellings; OutputError, with the `path` it is for, when a cell cannot hold its text."""
    _need_openpyxl(path)
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.utils import get_column_letter
    from openpyxl.worksheet.datavalidation import DataValidation

    if len(labellings) > _MOST_ROWS:
        raise OutputError(f"{len(labellings)} labellings are more rows than a sheet has; write CSV or JSONL", path)
    rows = [_cells(labelling) for labelling in labellings]
    for cells in rows:  # before anything is begun, because openpyxl leaves the file of a sheet that is not saved
        for name, text in cells.items():
            _refuse_for_xlsx(name, text, cells["id"], path)
    book = Workbook(write_only=True)
    sheet = book.create_sheet("labels")
    sheet.freeze_panes = "C2"
    for name, choices in Vocabulary().choices.items():
        if name not in SEVERAL:  # a cell of these takes one of a list, which a spreadsheet then offers
            column = get_column_letter(COLUMNS.index(name) + 1)
            offered = DataValidation("list", formula1=f'"{",".join(choices)}"', allow_blank=True, showErrorMessage=True)
            offered.add(f"{column}2:{column}{_MOST_ROWS + 1}")
            sheet.data_validations.append(offered)

    def cell(text: str) -> "Cell":
        made = WriteOnlyCell(sheet, value=_CODE.sub("_x005F_", text))
        made.data_type = "s"  # a text that begins with "=" too
        made.number_format = "@"
        return made

    sheet.append([cell(name) for name in COLUMNS])
    for cells in rows:
        sheet.append([cell(text) if text else None for text in cells.values()])
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def _refuse_for_xlsx(name: str, text: str, key: str, path: Path) -> None:
    if len(_CODE.sub("_x005F_", text).encode("utf-16-le")) > 2 * _LONGEST_CELL:
        raise OutputError(
            f"article {key}: {name} has {len(text)} characters, and a cell of XLSX holds {_LONGEST_CELL};"
            " write CSV or JSONL",
            path,
        )
    if found := _NOT_IN_XML.search(text):
        raise OutputError(
            f"article {key}: {name} holds U+{ord(found[0]):04X}, which XLSX cannot hold; write CSV or JSONL", path
        )


def _cells(labelling: Labelling) -> dict[str, str]:
    """Return column -> cell, in the order of `COLUMNS`."""
    parts = to_parts(labelling)
    for name in _JSON:
        parts[name] = json.dumps(parts[name], ensure_ascii=False) if parts[name] else ""
    texts = dict(texts_of(labelling.article.labels))
    if "regions" in texts:
        texts["regions"] = tuple(f"{code} {region(code).name}" for code in texts["regions"])
    labels = {name: _items(values) if name in SEVERAL else values[0] for name, values in texts.items()}
    return {name: parts.get(name) or labels.get(name, "") for name in COLUMNS}


def _labelling(cells: Mapping[str, str], vocabulary: Vocabulary, *, day_first: bool) -> Labelling:
    texts: dict[str, Sequence[str]] = {}
    parts: dict[str, Any] = {}
    others: dict[str, Any] = {}
    for name, cell in cells.items():
        if name in vocabulary.choices or name in (*_DATES, "at"):
            cell = _iso(name, cell.strip(), day_first) if name in _DATES else cell.strip()
        if name in SEVERAL:
            texts[name] = _split(name, cell)
            if name == "regions":
                texts[name] = list(map(_region, texts[name]))
        elif name in FIELDS:
            texts[name] = [cell] if cell else []
        elif name in _JSON:
            parts[name] = _decoded(name, cell) if cell else None
        elif name in PARTS:
            parts[name] = cell if cell or name in ("title", "text") else None
        elif cell:
            others[name] = cell
    if others:
        parts["meta"] = {**(parts.get("meta") or {}), **others}
    labelling = from_parts(parts, vocabulary.labels({name: given for name, given in texts.items() if given}))
    vocabulary.check(labelling)
    return labelling


def _items(values: Sequence[str]) -> str:
    if all(_PLAIN_ITEM.fullmatch(value) for value in values):
        return "; ".join(values)
    return json.dumps(values, ensure_ascii=False)


def _split(name: str, cell: str) -> list[str]:
    if not cell.startswith("["):
        given = [item.strip() for item in cell.split(";") if item.strip()]
        for item in given:
            if "," in item and name != "subtags" and not _DECIMAL_COMMA.match(item):
                raise ValueError(f"{name}: {item!r} has commas; separate several values with ;")
        return given
    items = _decoded(name, cell)
    if not isinstance(items, list) or not all(isinstance(item, str) for item in items):
        raise ValueError(f"{name}: is no list of texts")
    return items


def _region(text: str) -> str:
    """Return a region that is given by name as its code; what begins with a code is left as it is."""
    if text[:1].isdigit():
        return text
    found = regions_called(text)
    if len(found) == 1:
        return found[0].code
    near = ", ".join(f"{one.code} {one.name}" for one in found or similar_regions(text))
    if found:
        raise ValueError(f"regions: {text!r} is the name of several; write the code of one: {near}")
    raise ValueError(f"regions: there is no region {text!r}; {f'did you mean {near}?' if near else 'write its code'}")


def _decoded(name: str, cell: str) -> Any:
    try:
        return json.loads(cell)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{name}: is no JSON ({error})") from error


def _iso(name: str, cell: str, day_first: bool) -> str:
    """Return a date as 2024-11-21; ValueError where a spreadsheet made of it what could be two days."""
    match = _DAY_FIRST.fullmatch(cell)
    if not match:
        return cell
    if not day_first:
        raise ValueError(f"{name}: {cell!r} could be two days; write it as 2024-11-21")
    return f"{match[3]}-{int(match[2]):02}-{int(match[1]):02}"


def _header(cells: Sequence[str]) -> list[str]:
    names = [cell.strip() for cell in cells]
    while names and not names[-1]:
        names.pop()
    if len(names) > _MOST_COLUMNS:
        raise ValueError(f"there are more than {_MOST_COLUMNS} columns")
    if "id" not in names:
        raise ValueError(f"there is no column id; the columns are {', '.join(COLUMNS)}")
    for name in names:
        if not name or names.count(name) > 1:
            raise ValueError(f"column {name!r} stands twice" if name else "a column has no name")
        if name not in COLUMNS and (meant := get_close_matches(name, COLUMNS, n=1, cutoff=_SURELY_MEANT)):
            raise ValueError(f"column {name!r} is unknown; did you mean {meant[0]}?")
    return names


def _by_column(header: Sequence[str], cells: Sequence[str]) -> dict[str, str]:
    if any(cells[len(header) :]):
        raise ValueError(f"has more cells than the {len(header)} columns that the header names")
    return dict(zip(header, [*cells, *[""] * len(header)], strict=False))


def _delimiter(text: str) -> str:
    """Return what the header has between its names: whichever gives most columns that we know."""
    first = text.split("\n", 1)[0]

    def known(delimiter: str) -> int:
        return len({name.strip(' "\r') for name in first.split(delimiter)} & set(COLUMNS))

    return max(_DELIMITERS, key=known)


@contextmanager
def _long_cells() -> Iterator[None]:
    """Let the csv module, whose limit is one for the process, read whole articles."""
    before = csv.field_size_limit(LARGEST)
    try:
        yield
    finally:
        csv.field_size_limit(before)


def _records(text: str, delimiter: str, path: Path) -> Iterator[tuple[int, list[str]]]:
    """Yield each record with the number of its first line."""
    with _long_cells():
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        while True:
            line = reader.line_num + 1
            try:
                record = next(reader, None)
            except csv.Error as error:
                raise InputError(
                    f"is no CSV ({error}); save it again as “CSV UTF-8” or as .xlsx", str(path), line
                ) from error
            if record is None:
                return
            yield line, record


def _need_openpyxl(path: Path) -> None:
    try:
        import openpyxl  # noqa: F401 - only asked whether it is there
    except ImportError as error:
        raise PilkadaError(
            f"{path}: XLSX needs openpyxl; run `python3 -m pip install '.[train]'` in the clone"
        ) from error


def _sheet(path: Path) -> Iterator[Sequence[Any]]:
    """Yield the rows of the first sheet, cells as openpyxl gives them; the file is judged before it is unpacked."""
    _need_openpyxl(path)
    from openpyxl import load_workbook

    packed = io.BytesIO(content(path))
    try:
        with zipfile.ZipFile(packed) as archive:
            size = sum(entry.file_size for entry in archive.infolist())
    except (zipfile.BadZipFile, ValueError) as error:
        raise InputError(f"is no XLSX file ({error}); save it again as .xlsx, or as CSV", str(path)) from error
    # No entry gives more than it declares: the zip module stops there.
    if size > LARGEST:
        raise InputError(f"unpacks to {size >> 20} MB, more than {LARGEST >> 20}; split it", str(path))
    try:
        with warnings.catch_warnings():  # about styles, which nobody needs here
            warnings.simplefilter("ignore", UserWarning)
            page = load_workbook(packed, read_only=True).worksheets[0]
        page.reset_dimensions()  # or rows are passed over that the sheet does not claim to have
        yield from page.iter_rows(max_col=_MOST_COLUMNS + 1)
    except Exception as error:  # openpyxl raises whatever its many readers happen to meet in a broken file
        raise InputError(
            f"is no XLSX file that can be read ({error}); save it again as .xlsx, or as CSV", str(path)
        ) from error


def _text_of(name: str, cell: Any) -> str:
    """Return what a person sees in a cell, as text; ValueError for what a spreadsheet made of it that is none."""
    value = cell.value
    if value is None:
        return ""
    if cell.data_type in ("f", "e"):
        raise ValueError(f"{name}: holds {'a formula' if cell.data_type == 'f' else 'an error'}, {value}, not a text")
    if isinstance(value, str):
        return _CODED.sub(lambda found: "_" if found[0] == "_x005F_" else "\r", value)
    if isinstance(value, bool):
        return "ya" if value else "tidak"
    if isinstance(value, datetime) and name in _DATES and value.time() == time():
        return value.date().isoformat()
    if isinstance(value, float) and name == "regions":
        return f"{value:.2f}"  # 64.1 was 64.10 before a spreadsheet made a number of it
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, int):
        return str(value)
    raise ValueError(f"{name}: a spreadsheet made {value!r} of it; format the column as text and write it again")
