"""Labels come in and go out without loss, in every format, and what differs is listed."""

import csv
import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, get_args
from xml.etree import ElementTree

import msgspec
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook

from pilkada_nlp.article import MODALITIES, OUTCOMES, SOURCE_KINDS, Election
from pilkada_nlp.classifiers import load_tagger
from pilkada_nlp.cli import main
from pilkada_nlp.cli.labels import FILE_FORMATS
from pilkada_nlp.corpora import CaseStage, LabelledArticle, Labels, read_corpus
from pilkada_nlp.errors import InputError, OutputError
from pilkada_nlp.inputs import article_of_json
from pilkada_nlp.labelling import (
    Format,
    Labelling,
    Span,
    conflicts,
    labelling_interface,
    read_labels,
    resolve,
    write_labels,
    write_tasks,
)
from pilkada_nlp.labelling.files import LARGEST, LONGEST_LINE
from pilkada_nlp.labelling.vocabulary import flat

ROOT = Path(__file__).parents[1]
THEMES = ["netralitas_asn", "petahana", "keamanan", "logistik", "politik_uang"]
ENDINGS: Mapping[str, str] = {"csv": ".csv", "xlsx": ".xlsx", "label-studio": ".json"}

# Emoji with joiners, right to left, combining marks, formulas, codes of XLSX, separators, quotes, what ends a line.
HARD = st.sampled_from(
    ["👩🏽‍🌾", "e\u0301", "\u202eمرحبا\u202c", "\t", "\r\n", "\r", "\n\n", "\u2028", "\x85", "\ufeff", " ", "“;”"]
) | st.sampled_from("=1+1 '=x '' -5 @a ＝1 _x000D_ _x005F_x0041_ x005F_ \" ; , [ 64.02 null".split())
CHARACTERS = st.characters(codec="utf-8")
ANY_TEXT = st.lists(HARD | st.text(CHARACTERS, max_size=8), max_size=5).map("".join)
# XLSX has no control characters but tab and the two that end a line.
NO_CONTROL = "".join(map(chr, [*range(9), 11, 12, *range(14, 32), 0xFFFE, 0xFFFF]))
SHEET_CHARACTERS = st.characters(codec="utf-8", exclude_characters=NO_CONTROL)
SHEET_TEXT = st.lists(HARD | st.text(SHEET_CHARACTERS, max_size=8), max_size=5).map("".join)
CODES = ["64", "64.02", "74.10", "11.01", "91"]


def some(*values: Any) -> st.SearchStrategy[Any]:
    """Return one of the values, or None."""
    return st.none() | st.sampled_from(values)


@st.composite
def labellings(draw: st.DrawFn, text: st.SearchStrategy[str] = ANY_TEXT) -> Labelling:
    """A labelling with anything that its types and the taxonomy allow, from nothing at all to every field."""
    themes = draw(st.lists(st.sampled_from(THEMES), unique=True))
    cut = draw(st.integers(0, len(themes)))
    dates = st.dates(date(1998, 1, 1), date(2030, 1, 1))
    labels = Labels(
        rel=draw(st.booleans()),
        election=draw(some(*get_args(Election))),
        election_id=draw(st.none() | text.filter(bool)),
        pokok=tuple(themes[:cut]),
        sebutan=tuple(themes[cut:]),
        subtags=tuple(draw(st.lists(text.filter(bool), max_size=3, unique=True))),
        mod=draw(some(*MODALITIES)),
        mod_secondary=draw(some(*MODALITIES)),
        regions=tuple(draw(st.lists(st.sampled_from(CODES), unique=True, max_size=3))),
        kind=draw(st.sampled_from(SOURCE_KINDS)),
        sev=draw(st.integers(0, 4)),
        event_date=draw(st.none() | dates),
        is_aggregate=draw(st.booleans()),
        case_stage=draw(some(*get_args(CaseStage))),
        outcome=draw(some(*OUTCOMES)),
    )
    article = LabelledArticle(
        id=draw(text.filter(bool)),
        title=draw(text),
        text=draw(text),
        date=draw(dates),
        labels=labels,
        event=draw(text),
        split=draw(st.sampled_from(["train", "dev", "test"])),
        outlet_style=draw(text),
        source_note=draw(text),
    )
    names = [f"pokok:{name}" for name in labels.pokok] + [f"sebutan:{name}" for name in labels.sebutan] + ["mod:dugaan"]
    spans = []
    for field in ("title", "text"):
        if length := len(getattr(article, field)):
            start = draw(st.integers(0, length - 1))
            end = draw(st.integers(start + 1, length))
            spans.append(msgspec.convert([draw(st.sampled_from(names)), start, end, field], Span))
    return Labelling(
        article=article,
        url=draw(text),
        outlet=draw(text),
        by=draw(text),
        at=draw(st.none() | st.datetimes(datetime(2000, 1, 1), timezones=st.just(UTC))),
        guideline=draw(text),
        evidence=tuple(draw(st.lists(st.sampled_from(spans), max_size=3)) if spans else ()),
        meta=draw(st.dictionaries(text, json_values(text), max_size=3)),
    )


def json_values(text: st.SearchStrategy[str]) -> st.SearchStrategy[Any]:
    """Anything that JSON holds, nested once."""
    single = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | text
    return single | st.lists(single, max_size=2) | st.dictionaries(text, single, max_size=2)


def a_labelling(key: str = "a-1", by: str = "Sari", hour: int = 7, **values: Any) -> Labelling:
    """A short article on a burnt warehouse, labelled at an hour of one day."""
    labels = {"rel": True, "pokok": ("logistik",), "mod": "kejadian", "regions": ("64.02",), **values}
    article = LabelledArticle(
        id=key,
        title="Gudang logistik terbakar",
        text="Gudang logistik KPU terbakar. Polisi berjaga.",
        date=date(2024, 11, 21),
        labels=msgspec.convert(labels, Labels),
    )
    return Labelling(article=article, by=by, at=datetime(2026, 11, 20, hour, tzinfo=UTC), guideline="0.1")


def written(folder: Path, form: Format, *given: Labelling) -> Path:
    """Return a file of labellings in a format."""
    path = folder / f"label{ENDINGS.get(form, '.jsonl')}"
    write_labels(given, path, form)
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for the files of all examples."""
    return tmp_path_factory.mktemp("labels")


def comes_back(folder: Path, form: Format, given: list[Labelling]) -> None:
    """All that is written is read again, in its order, with nothing left out; writing it again changes nothing."""
    path = written(folder, form, *given)
    first = path.read_bytes()
    reading = read_labels(path, form)
    assert reading.labellings == given
    assert reading.skipped == []
    if form != "xlsx":  # which holds the time of its making
        assert written(folder, form, *reading.labellings).read_bytes() == first


MANY = settings(max_examples=40, deadline=None)


@MANY
@given(given_ones=st.lists(labellings(), max_size=3))
def test_own_lines_come_back(folder: Path, given_ones: list[Labelling]) -> None:
    """Our own JSONL holds every labelling."""
    comes_back(folder, "jsonl", given_ones)


@MANY
@given(given_ones=st.lists(labellings(), max_size=3))
def test_csv_comes_back(folder: Path, given_ones: list[Labelling]) -> None:
    """CSV holds every labelling, with formulas, quotes and line ends in its cells."""
    comes_back(folder, "csv", given_ones)


@MANY
@given(given_ones=st.lists(labellings(SHEET_TEXT), max_size=3))
def test_xlsx_comes_back(folder: Path, given_ones: list[Labelling]) -> None:
    """XLSX holds every labelling without control characters."""
    comes_back(folder, "xlsx", given_ones)


@MANY
@given(given_ones=st.lists(labellings(), max_size=3))
def test_doccano_classification_comes_back(folder: Path, given_ones: list[Labelling]) -> None:
    """Labels of a whole article go through doccano's JSONL, the rest as metadata."""
    comes_back(folder, "doccano", given_ones)


@MANY
@given(given_ones=st.lists(labellings(), max_size=3))
def test_doccano_spans_come_back(folder: Path, given_ones: list[Labelling]) -> None:
    """Evidence goes through doccano's spans to the character, emoji and all, in the title too."""
    comes_back(folder, "doccano-spans", given_ones)


@MANY
@given(given_ones=st.lists(labellings(), max_size=3))
def test_label_studio_comes_back(folder: Path, given_ones: list[Labelling]) -> None:
    """Label Studio's JSON holds every labelling."""
    comes_back(folder, "label-studio", given_ones)


def test_every_format_holds_real_articles(folder: Path) -> None:
    """A file of the corpus, read as labels, goes through all formats one after the other and comes back the same."""
    file = ROOT / "corpora" / "berita" / "petahana.jsonl"
    labelled = read_labels(file).labellings
    assert [labelling.article for labelling in labelled] == read_corpus([file])
    now = labelled
    for form in get_args(Format):
        now = read_labels(written(folder, form, *now), form).labellings
    assert now == labelled


def test_labels_are_flat_for_tools_with_one_list() -> None:
    """Each value is "field:value"; what has its usual value is there too where an annotator has to decide it."""
    labels = Labels(rel=True, pokok=("keamanan",), sebutan=("petahana",), mod="dugaan", regions=("64.02",), kind="adv")
    assert flat(labels) == [
        "rel:ya", "pokok:keamanan", "sebutan:petahana", "mod:dugaan", "region:64.02", "kind:adv", "sev:0"
    ]  # fmt: skip
    assert flat(Labels(rel=False)) == ["rel:tidak", "kind:media", "sev:0"]


# What other programs make of the files.


def table(path: Path, change: Callable[[list[dict[str, str]]], None], **how: Any) -> Path:
    """Change the rows of a CSV file, and save it again as another program would."""
    rows = list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig"), newline="")))
    change(rows)
    buffer = io.StringIO(newline="")
    writer = csv.DictWriter(buffer, list(rows[0]), **how)
    writer.writeheader()
    writer.writerows(rows)
    path.write_text(buffer.getvalue(), encoding="utf-8", newline="")
    return path


@pytest.mark.parametrize("how", [{"delimiter": ";"}, {"delimiter": "\t"}, {"quoting": csv.QUOTE_ALL}])
def test_csv_is_read_as_other_programs_save_it(tmp_path: Path, how: dict[str, Any]) -> None:
    """Semicolons, tabs, quotes everywhere, no byte order mark: the labels are the same."""
    labelling = a_labelling(regions=("64.02", "64"), subtags=("asn",))
    path = table(written(tmp_path, "csv", labelling), lambda rows: None, **how)
    assert read_labels(path).labellings == [labelling]


def test_dates_of_an_indonesian_excel_have_the_day_first(tmp_path: Path) -> None:
    """With semicolons 03/04/2024 is the third of April; with commas it could be either, and is refused."""

    def as_excel_does(rows: list[dict[str, str]]) -> None:
        rows[0]["date"] = "03/04/2024"

    path = table(written(tmp_path, "csv", a_labelling()), as_excel_does, delimiter=";")
    assert read_labels(path).labellings[0].article.date == date(2024, 4, 3)
    path = table(written(tmp_path, "csv", a_labelling()), as_excel_does)
    with pytest.raises(InputError, match=r"label\.csv: row 2: date: '03/04/2024' could be two days"):
        read_labels(path)


def test_a_csv_cell_is_no_formula(tmp_path: Path) -> None:
    """A title that a spreadsheet would run gets an apostrophe in the file, and loses it when it is read."""
    labelling = a_labelling()
    title = '=HYPERLINK("http://a.id";"x")'
    labelling = msgspec.structs.replace(labelling, article=msgspec.structs.replace(labelling.article, title=title))
    path = written(tmp_path, "csv", labelling)
    row = next(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig"), newline="")))
    assert row["title"] == "'" + title
    assert read_labels(path).labellings == [labelling]


def test_other_columns_become_metadata_and_slips_do_not(tmp_path: Path) -> None:
    """A column of notes survives; "pokoks" is an error, since its labels would be lost."""

    def note(rows: list[dict[str, str]]) -> None:
        rows[0]["catatan redaksi"] = "cek lagi"

    path = table(written(tmp_path, "csv", a_labelling()), note)
    assert read_labels(path).labellings[0].meta == {"catatan redaksi": "cek lagi"}
    path.write_text(path.read_text(encoding="utf-8").replace("pokok", "pokoks", 1), encoding="utf-8")
    with pytest.raises(InputError, match=r"row 1: column 'pokoks' is unknown; did you mean pokok\?"):
        read_labels(path)


def sheet(path: Path, **cells: object) -> Path:
    """Write a sheet by hand, as somebody does who types values into it."""
    values: dict[str, object] = {
        "id": "a",
        "title": "J",
        "text": "Isi.",
        "date": date(2024, 11, 21),
        "rel": "ya",
        **cells,
    }
    book = Workbook()
    page = book.worksheets[0]
    page.append(list(values))
    page.append(list(values.values()))
    book.save(path)
    return path


@pytest.mark.parametrize(("typed", "code"), [(64.02, "64.02"), (74.1, "74.10"), (64, "64"), ("64.02", "64.02")])
def test_a_region_survives_as_a_number(tmp_path: Path, typed: object, code: str) -> None:
    """What a spreadsheet made of a code is the code again; real dates, whole numbers and booleans are read too."""
    path = sheet(tmp_path / "a.xlsx", id=7, regions=typed, sev=2, rel=True, event_date=datetime(2024, 11, 20))
    article = read_labels(path).labellings[0].article
    assert article.labels.regions == (code,)
    assert (article.id, article.date) == ("7", date(2024, 11, 21))
    assert (article.labels.rel, article.labels.sev, article.labels.event_date) == (True, 2, date(2024, 11, 20))


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ({"title": "=A1"}, "title: holds a formula, =A1"),
        ({"title": datetime(2024, 3, 10)}, "title: a spreadsheet made datetime"),
        ({"regions": datetime(2024, 3, 10).time()}, "regions: a spreadsheet made"),
        ({"regions": "64.02 Kabupaten Paser"}, "regions: 64.02 is Kabupaten Kutai Kartanegara, not Kabupaten Paser"),
        ({"regions": 64.99}, "regions: '64.99' is no code of a region; did you mean"),
        (
            {"regions": "Kutai Timor"},
            "regions: there is no region 'Kutai Timor'; did you mean 64.08 Kabupaten Kutai Timur",
        ),
        ({"regions": "Bima"}, "regions: 'Bima' is the name of several; .* 52.06 Kabupaten Bima, 52.72 Kota Bima"),
        (
            {"regions": "64.08 Kutai Timur, 64.71 Balikpapan"},
            "regions: '.*' has commas; separate several values with ;",
        ),
        ({"pokok": "keamanan, politik_uang"}, "pokok: 'keamanan, politik_uang' has commas; separate several values"),
        ({"sev": 7}, "sev: '7' is unknown"),
        ({"rel": None}, "rel: is missing"),
        ({"at": datetime(2024, 3, 10, 8)}, "at: a spreadsheet made"),
    ],
)
def test_a_wrong_cell_is_named(tmp_path: Path, cells: dict[str, Any], message: str) -> None:
    """File, row and column stand in the message."""
    with pytest.raises(InputError, match=rf"a\.xlsx: row 2: {message}"):
        read_labels(sheet(tmp_path / "a.xlsx", **cells))


@pytest.mark.parametrize(
    ("typed", "codes"),
    [
        ("64.71 Kota Balikpapan", ("64.71",)),
        ("64.71 Balikpapan", ("64.71",)),
        ("Kutai Timur", ("64.08",)),
        ("kota bima; Kabupaten Bima;64,02", ("52.72", "52.06", "64.02")),
    ],
)
def test_a_region_is_understood_by_its_name(tmp_path: Path, typed: str, codes: tuple[str, ...]) -> None:
    """By code and any of its names, or by a name that only one has."""
    assert read_labels(sheet(tmp_path / "a.xlsx", regions=typed)).labellings[0].article.labels.regions == codes


def test_several_wrong_rows_are_told_at_once(tmp_path: Path) -> None:
    """The first is the error, nine more are its notes, and the rest is counted; rows as a spreadsheet counts them."""
    path = tmp_path / "a.csv"
    rows = ["id,title,text,date,rel", '1,"J\nK",T,2024-11-21,ya', "", *(f"{n},J,T,2024-11-21,entah" for n in range(12))]
    path.write_text("\n".join(rows), encoding="utf-8")
    with pytest.raises(InputError, match=r"a\.csv: row 4 \(line 5\): rel: 'entah' is unknown") as caught:
        read_labels(path)
    notes = caught.value.__notes__
    assert len(notes) == 10
    assert "row 13 (line 14): rel: 'entah'" in notes[8]
    assert notes[9] == f"{path}: 2 more rows are wrong"


def test_xlsx_offers_the_values_that_a_cell_may_have(tmp_path: Path) -> None:
    """Each column with one of a few values has them as a list, for rows that are added too."""
    page = load_workbook(written(tmp_path, "xlsx", a_labelling()))["labels"]
    offered = {
        page[f"{str(one.sqref).partition(':')[0].rstrip('2')}1"].value: one
        for one in page.data_validations.dataValidation
    }
    assert offered["mod"].formula1.startswith('"kejadian,dugaan,putusan,')
    assert {"rel", "kind", "sev", "outcome"} <= set(offered)
    assert "pokok" not in offered
    assert all(len(one.formula1) <= 257 for one in offered.values())  # Excel takes 255 characters between the quotes


def test_xlsx_holds_text_that_stays_text(tmp_path: Path) -> None:
    """Each cell is formatted as text, so that a code typed over another is kept as it was typed."""
    page = load_workbook(written(tmp_path, "xlsx", a_labelling()))["labels"]
    assert {cell.number_format for row in page.iter_rows(min_row=2) for cell in row if cell.value is not None} == {"@"}
    header = [cell.value for cell in page[1]]
    assert page[2][header.index("regions")].value == "64.02 Kabupaten Kutai Kartanegara"


@pytest.mark.parametrize(("text", "why"), [("😀" * 16_384, "32767"), ("\x07", r"U\+0007")])
def test_what_a_cell_cannot_hold_is_refused(tmp_path: Path, text: str, why: str) -> None:
    """Nothing is cut: the article and the field are named, and the file that was there stays."""
    path = written(tmp_path, "xlsx", a_labelling())
    before = path.read_bytes()
    labelling = a_labelling(key="b-2")
    long = msgspec.structs.replace(labelling, article=msgspec.structs.replace(labelling.article, text=text))
    with pytest.raises(OutputError, match=f"article b-2: text h.*{why}"):
        write_labels([a_labelling(), long], path)
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == [path.name]
    path = written(tmp_path, "csv", long)
    assert read_labels(path).labellings == [long]


def with_part(path: Path, name: str, content: bytes) -> Path:
    """Replace one part of an XLSX file."""
    with zipfile.ZipFile(path) as archive:
        parts = {entry: archive.read(entry) for entry in archive.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for entry, old in parts.items():
            archive.writestr(entry, content if entry == name else old)
    return path


def test_bombs_do_not_go_off(tmp_path: Path) -> None:
    """A sheet that unpacks to far more, and entities that multiply, are refused in time."""
    path = written(tmp_path, "xlsx", a_labelling())
    laughs = b'<!DOCTYPE a [<!ENTITY l0 "ha">'
    laughs += b"".join(b'<!ENTITY l%d "%b">' % (n, b"&l%d;" % (n - 1) * 10) for n in range(1, 12))
    laughs += b"]><worksheet><sheetData><row><c t='inlineStr'><is><t>&l11;</t></is></c></row></sheetData></worksheet>"
    with pytest.raises(InputError, match="is no XLSX file that can be read"):
        read_labels(with_part(path, "xl/worksheets/sheet1.xml", laughs))
    with pytest.raises(InputError, match="unpacks to 257 MB"):
        read_labels(with_part(path, "xl/worksheets/sheet1.xml", bytes(LARGEST + 2**20)))


def test_a_sheet_that_claims_to_be_small_is_read_to_its_end(tmp_path: Path) -> None:
    """Some programs write a wrong size into a sheet; no row is lost by that."""
    path = sheet(tmp_path / "a.xlsx")
    with zipfile.ZipFile(path) as archive:
        page = archive.read("xl/worksheets/sheet1.xml")
    assert b'<dimension ref="A1:E2"' in page
    with_part(path, "xl/worksheets/sheet1.xml", page.replace(b'"A1:E2"', b'"A1"'))
    assert [labelling.article.id for labelling in read_labels(path).labellings] == ["a"]


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"id,title"])
def test_what_is_no_xlsx_is_refused(tmp_path: Path, content: bytes) -> None:
    """An empty file, half an archive, an old or locked workbook, a CSV with the wrong name."""
    (tmp_path / "a.xlsx").write_bytes(content)
    with pytest.raises(InputError, match=r"a\.xlsx: is no XLSX file"):
        read_labels(tmp_path / "a.xlsx")


def test_xlsx_without_openpyxl_names_the_extra(tmp_path: Path) -> None:
    """Where the optional library is missing, the message says what to install; other formats need nothing."""
    path = written(tmp_path, "jsonl", a_labelling())
    code = (
        "import sys; from pathlib import Path; sys.modules['openpyxl'] = None\n"
        "from pilkada_nlp.labelling import read_labels, write_labels\n"
        "from pilkada_nlp.errors import PilkadaError\n"
        f"read = read_labels(Path({str(path)!r})).labellings\n"
        "try:\n    write_labels(read, Path('a.xlsx'))\nexcept PilkadaError as error:\n    print(len(read), error)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "1 a.xlsx: XLSX needs openpyxl; run `python3 -m pip install '.[train]'` in the clone\n"


# Errors name file, line and field.


def line(**changes: object) -> str:
    """Return a line of our own form, with changes on the article or, where it has no such field, on its labels."""
    row: dict[str, Any] = msgspec.to_builtins(a_labelling())
    for name, value in changes.items():
        place = row["article"] if name in row["article"] else row["article"]["labels"]
        place[name] = value
    return json.dumps(row)


@pytest.mark.parametrize(
    ("second", "message"),
    [
        ("{", "is no JSON"),
        ("[]", "is no object"),
        ("[" * 200_000, "is no JSON"),
        (line(pokok=["keamana"]), r"pokok: 'keamana' is unknown; did you mean keamanan"),
        (line(pokok=["logistik", "logistik"]), "pokok: a value stands twice"),
        (line(sebutan=["logistik"]), "sebutan: logistik is pokok too"),
        (line(regions=["64.2"]), r"regions: '64\.2' is no code of a region; did you mean"),
        (line(sev=9), "sev: '9' is unknown; known are 0, 1, 2, 3, 4"),
        (line(election_id=""), "election_id: has an empty value"),
        (line(date="21/11/2024"), r"Invalid RFC3339.*\$\.article\.date"),
        (line(tanggal="x"), "unknown field `tanggal`"),
        (line(id=""), "id: is empty"),
        (line(title="\ud83d"), r"title: holds U\+D83D, half a character"),
        (line()[:-1] + ', "at": "2026-11-20T07:00:00"}', "at: .* has no time zone"),
        (line()[:-1] + ', "meta": {"x": NaN}}', "meta: "),
        (line()[:-1] + ', "evidence": [["pokok:logistik", 3, 99, "text"]]}', "evidence: characters 3 to 99 are none"),
        (line()[:-1] + ', "evidence": [["pokok:sengketa", 0, 3, "text"]]}', "evidence: 'pokok:sengketa' is not among"),
        (line()[:-1] + ', "evidence": [["sev:1", 0, 3, "text"]]}', "evidence: 'sev:1' is a label of the whole article"),
        ('{"text": "Isi.", "label": ["rel:ya"]}', "label: is no field of ours; the file looks like doccano's"),
    ],
)
def test_a_wrong_line_is_named(tmp_path: Path, second: str, message: str) -> None:
    """The number of the line and the field stand in the message, and what may have been meant."""
    path = tmp_path / "a.jsonl"
    path.write_text(f"\ufeff{line()}\r\n\r\n{second}\n", encoding="utf-8", errors="surrogatepass")
    with pytest.raises(InputError, match=rf"a\.jsonl, line 3: .*{message}") as caught:
        read_labels(path)
    assert caught.value.line == 3


def test_an_endless_line_is_refused(tmp_path: Path) -> None:
    """A line of 16 MB is not read to its end."""
    (tmp_path / "a.jsonl").write_bytes(b"[" + b" " * LONGEST_LINE)
    with pytest.raises(InputError, match="line 1: the line is longer than 16 MB"):
        read_labels(tmp_path / "a.jsonl")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", b"", r"a\.csv: is empty"),
        ("a.csv", b"judul,isi\r\n", "row 1: there is no column id"),
        ("a.csv", b"id,id\r\n", "row 1: column 'id' stands twice"),
        ("a.csv", b"id,title\r\n1,\xe9\r\n", "is no UTF-8 text; save it as"),
        (
            "a.csv",
            b"id,title,text,date,rel\r\n1,J,T,2024-11-21,ya,apa\r\n",
            "row 2: has more cells than the 5 columns",
        ),
        (
            "a.csv",
            b'id,title,text,date,rel\r\n1,"a\r\nb",T,2024-11-21,ya\r\n2,J,T,,ya\r\n',
            r"row 3 \(line 4\): date: is missing",
        ),
        ("a.csv", b'id,title\r\n1,"J\r\n', "line 2: is no CSV"),
        (
            "a.csv",
            b"id,title,text,date,rel,mod\r\n1,J,T,2024-11-21,ya,duga\r\n",
            "row 2: mod: 'duga' is unknown; did you",
        ),
        ("a.json", b"{}", "is no list of tasks"),
        ("a.json", b'[{"text": "T", "rel": "ya"}]', "task number 1: data: is missing; .*not as JSON-MIN"),
        ("a.txt", b"", "its ending names no format; say which of jsonl, csv"),
    ],
)
def test_a_wrong_file_is_named(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    """Tables and tasks say where they are wrong as lines do."""
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=message):
        read_labels(tmp_path / name)


@st.composite
def spoilt(draw: st.DrawFn, value: Any) -> Any:
    """A JSON value in which one place, however deep, holds something else."""
    if isinstance(value, dict | list) and value and draw(st.integers(0, 5)):
        places = list(value) if isinstance(value, dict) else range(len(value))
        place = draw(st.sampled_from(places))
        copy = value.copy()
        copy[place] = draw(spoilt(value[place]))
        return copy
    return draw(json_values(ANY_TEXT))


@settings(max_examples=150, deadline=None)
@given(data=st.data(), form=st.sampled_from(["jsonl", "doccano", "doccano-spans", "label-studio"]))
def test_spoilt_json_is_read_or_refused(folder: Path, data: st.DataObject, form: Format) -> None:
    """Whatever stands where something else belongs, the answer is labellings or a sentence with the file's name."""
    labelling = msgspec.structs.replace(a_labelling(), evidence=(Span("pokok:logistik", 0, 6),))
    path = written(folder, form, labelling)
    path.write_text(json.dumps(data.draw(spoilt(json.loads(path.read_bytes())))), encoding="utf-8")
    try:
        said = [str(read.article.labels.rel) for read in read_labels(path, form).labellings]
    except InputError as error:
        said = [str(error)]
    assert all(words in ("True", "False") or words.startswith(str(path)) for words in said)


def test_a_labelling_that_no_format_holds_is_refused(tmp_path: Path) -> None:
    """What Python lets one make, but nobody could read again, is an error with the article's id."""
    for values, message in (({"sev": 9}, "sev"), ({"pokok": ("tema_baru",)}, "pokok: 'tema_baru' is unknown")):
        labelling = a_labelling()
        labels = msgspec.structs.replace(labelling.article.labels, **values)
        wrong = msgspec.structs.replace(labelling, article=msgspec.structs.replace(labelling.article, labels=labels))
        with pytest.raises(OutputError, match=f"article a-1: {message}"):
            write_labels([wrong], tmp_path / "a.jsonl")
    with pytest.raises(OutputError, match="article a-1: meta: holds values that JSON does not have"):
        write_labels([msgspec.structs.replace(a_labelling(), meta={"a": (1,)})], tmp_path / "a.jsonl")
    with pytest.raises(OutputError, match="cannot be written"):
        write_labels([a_labelling()], tmp_path / "tidak" / "a.jsonl")


# doccano.


def doccano(folder: Path, form: Format, change: Callable[[dict[str, Any]], None]) -> Path:
    """Write a file for doccano, and change its line as doccano does."""
    path = written(folder, form, a_labelling())
    row = json.loads(path.read_bytes())
    change(row)
    path.write_text(json.dumps(row) + "\n", encoding="utf-8")
    return path


def test_doccano_gives_back_what_it_got(tmp_path: Path) -> None:
    """Labels come sorted, comments become metadata, null counts as absent; a line without labels is left out."""

    def exported(row: dict[str, Any]) -> None:
        row["label"] = sorted([*row["label"], "sebutan:keamanan"])
        row |= {"Comments": ["ragu"], "outlet": None}

    path = doccano(tmp_path, "doccano", exported)
    with path.open("a", encoding="utf-8") as stream:
        stream.write('{"id": 2, "text": "Belum dibaca.", "label": []}\n')
    reading = read_labels(path, "doccano")
    assert reading.skipped == [("line 2", "no labels")]
    [labelling] = reading.labellings
    assert labelling.article == a_labelling(sebutan=("keamanan",)).article
    assert labelling.meta == {"Comments": ["ragu"]}


def test_a_new_span_brings_its_theme(tmp_path: Path) -> None:
    """An annotator who marks words adds the theme, and one who marks them as the main theme raises it."""

    def marked(row: dict[str, Any]) -> None:
        assert row["text"][:6] == "Gudang"
        row["label"] = [[0, 6, "pokok:logistik"], [56, 62, "sebutan:keamanan"], [26, 32, "mod:dugaan"]]

    [labelling] = read_labels(doccano(tmp_path, "doccano-spans", marked), "doccano-spans").labellings
    assert labelling.article.labels.pokok == ("logistik",)
    assert labelling.article.labels.sebutan == ("keamanan",)
    assert [getattr(labelling.article, span.field)[span.start : span.end] for span in labelling.evidence] == [
        "Gudang", "Polisi", "Gudang"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("label", "message"),
    [
        ([[20, 30, "pokok:logistik"]], "reaches from the title into the text"),
        ([[0, 6, "pokok:logistk"]], "pokok: 'logistk' is unknown; did you mean logistik"),
        ([[0, 6, "logistik"]], "label: 'logistik' is unknown"),
        ([[0, 6, "region:64"]], "a label of the whole article"),
        ([[0, 6]], "is no span such as"),
        (None, "label: is missing"),
        ("rel:ya", "label: is missing"),
    ],
)
def test_a_wrong_span_is_named(tmp_path: Path, label: object, message: str) -> None:
    """Line and label stand in the message."""
    path = doccano(tmp_path, "doccano-spans", lambda row: row.update(label=label))
    with pytest.raises(InputError, match=rf"label\.jsonl, line 1: .*{message}"):
        read_labels(path, "doccano-spans")


def test_spans_alone_do_not_say_what_an_article_is(tmp_path: Path) -> None:
    """A file whose article labels are gone is refused, not read as unrelated articles."""

    def without(row: dict[str, Any]) -> None:
        del row["article_labels"]
        row["label"] = [[0, 6, "mod:dugaan"]]

    path = doccano(tmp_path, "doccano-spans", without)
    with pytest.raises(InputError, match=r"line 1: label: has spans, and article_labels.* are missing"):
        read_labels(path, "doccano")


# Label Studio.


def annotation(number: int, by: object, hour: int, **choices: list[str] | None) -> dict[str, Any]:
    """An annotation as Label Studio exports it."""
    return {
        "id": number,
        "completed_by": by,
        "result": [
            {"id": "x", "from_name": name, "to_name": "text", "type": "choices", "value": {"choices": values}}
            for name, values in choices.items()
        ],
        "was_cancelled": False,
        "ground_truth": False,
        "created_at": "2026-11-20T01:00:00.000000Z",
        "updated_at": f"2026-11-20T{hour:02}:00:00.000000Z",
        "lead_time": 12.5,
    }


def exported_task(number: int, *annotations: dict[str, Any], text: str = "Gudang terbakar.") -> dict[str, Any]:
    """A task as Label Studio exports it."""
    data = {"id": f"a-{number}", "title": "Judul", "text": text, "date": "2024-11-21", "url": "https://a.id/1"}
    return {"id": number, "data": data, "annotations": list(annotations), "predictions": [], "project": 5}


def exported(folder: Path, *tasks: dict[str, Any]) -> Path:
    """Write an export of Label Studio."""
    path = folder / "ekspor.json"
    path.write_text(json.dumps(tasks), encoding="utf-8")
    return path


def test_each_annotator_gives_a_labelling(tmp_path: Path) -> None:
    """Who and when come along; cancelled, empty and missing annotations are left out with the reason."""
    cancelled = {**annotation(13, 4, 9, rel=["ya"]), "was_cancelled": True}
    path = exported(
        tmp_path,
        exported_task(
            1,
            annotation(11, {"id": 3, "email": "sari@kantor.invalid"}, 7, rel=["ya"], pokok=["logistik", "keamanan"]),
            annotation(12, 4, 8, rel=["tidak"]),
            cancelled,
            annotation(14, 5, 9),
        ),
        exported_task(2),
    )
    reading = read_labels(path)
    assert [(one.by, one.at, one.article.labels.pokok) for one in reading.labellings] == [
        ("sari@kantor.invalid", datetime(2026, 11, 20, 7, tzinfo=UTC), ("logistik", "keamanan")),
        ("4", datetime(2026, 11, 20, 8, tzinfo=UTC), ()),
    ]
    assert reading.skipped == [
        ("task 1, annotation 13", "cancelled"),
        ("task 1, annotation 14", "nothing was chosen"),
        ("task 2", "no annotation"),
    ]
    # What Label Studio keeps besides goes through our own form and back.
    own = read_labels(written(tmp_path, "jsonl", *reading.labellings)).labellings
    [task] = json.loads(written(tmp_path, "label-studio", *own).read_bytes())
    assert (task["id"], task["project"]) == (1, 5)
    first, second = task["annotations"]
    assert (first["id"], first["completed_by"]) == (11, {"id": 3, "email": "sari@kantor.invalid"})
    assert (second["completed_by"], second["lead_time"], second["ground_truth"]) == (4, 12.5, False)
    assert second["created_at"] == "2026-11-20T01:00:00.000000Z"
    assert second["result"][0]["value"] == {"choices": ["tidak"]}


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"pokok": ["Logistik"], "rel": ["ya"]}, "pokok: 'Logistik' is unknown; did you mean logistik"),
        ({"poko": ["logistik"], "rel": ["ya"]}, "poko: no such control; did you mean pokok"),
        ({"rel": ["ya", "tidak"]}, "rel: has several values"),
        ({"mod": ["dugaan"]}, "rel: is missing"),
        ({"rel": None}, r"Expected `array`, got `null` - at `\$\[0\]\.value\.choices`"),
    ],
)
def test_a_wrong_annotation_is_named(tmp_path: Path, changed: dict[str, Any], message: str) -> None:
    """File, task, annotation and field stand in the message."""
    path = exported(tmp_path, exported_task(41, annotation(7, 1, 7, **changed)))
    with pytest.raises(InputError, match=rf"ekspor\.json: task 41, annotation 7: {message}"):
        read_labels(path)


@pytest.mark.parametrize(("start", "end"), [(3, 9), (4, 10)])
def test_spans_are_found_as_characters_or_as_utf_16(tmp_path: Path, start: int, end: int) -> None:
    """Old versions of Label Studio count an emoji twice; the text that was marked says which it is."""
    made = annotation(1, 1, 7, rel=["ya"], mod=["dugaan"])
    value = {"start": start, "end": end, "text": "Gudang", "labels": ["sebutan:logistik"]}
    made["result"].append({"from_name": "evidence", "to_name": "text", "type": "labels", "value": value})
    path = exported(tmp_path, exported_task(1, made, text="🔥: Gudang terbakar."))
    [labelling] = read_labels(path).labellings
    assert labelling.evidence == (Span("sebutan:logistik", 3, 9),)
    assert labelling.article.labels.sebutan == ("logistik",)
    value["text"] = "Kantor"
    path = exported(tmp_path, exported_task(1, made, text="🔥: Gudang terbakar."))
    with pytest.raises(InputError, match=r"annotation 1: evidence: characters .* of the text are not 'Kantor'"):
        read_labels(path)


def test_labellings_of_one_article_become_one_task(tmp_path: Path) -> None:
    """Annotators stand together in a task, as Label Studio shows them."""
    path = written(tmp_path, "label-studio", a_labelling(), a_labelling(by="Budi", hour=8, sev=1), a_labelling("b"))
    tasks = json.loads(path.read_bytes())
    assert [(task["data"]["id"], len(task["annotations"])) for task in tasks] == [("a-1", 2), ("b", 1)]


ARTICLES = [
    {
        "id": "1",
        "title": "Camat dilaporkan ke Bawaslu karena mengajak warga memilih petahana",
        "text": "TENGGARONG - Seorang camat di Kutai Kartanegara dilaporkan ke Bawaslu karena diduga mengajak warga"
        " memilih calon bupati petahana pada Pilkada 2024. Bawaslu Kukar akan memanggil camat itu.",
        "date": "2024-11-21",
    },
    {"id": "2", "title": "Harga cabai naik", "text": "Harga cabai di pasar naik karena hujan.", "date": "2024-11-21"},
]


def test_guesses_of_a_model_are_predictions(tmp_path: Path) -> None:
    """Version, score and results stand in each task; accepted as they are, they are the labels of the tagging."""
    tagger = load_tagger()
    articles = [article_of_json(json.dumps(row).encode(), "f", 1) for row in ARTICLES]
    taggings = tagger.tag(articles)
    write_tasks(zip(articles, taggings, strict=True), tmp_path / "tugas.json")
    tasks = json.loads((tmp_path / "tugas.json").read_bytes())
    for task, tagging in zip(tasks, taggings, strict=True):
        [prediction] = task["predictions"]
        assert prediction["model_version"] == tagging.model
        assert 0 < prediction["score"] <= max(tagging.relevant.score, 1 - tagging.relevant.score)
        task["annotations"] = [{"id": 1, "completed_by": 1, **prediction}]
        del task["predictions"]
    for labelling, tagging in zip(read_labels(exported(tmp_path, *tasks)).labellings, taggings, strict=True):
        labels = labelling.article.labels
        assert labels.rel == tagging.relevant.value
        assert labels.pokok == tuple(tag.theme for tag in tagging.themes if tag.strength == "pokok")
        assert labels.mod == (tagging.modality and tagging.modality.value)
        assert labels.regions == tuple(place.code for place in tagging.places())
        evidence = [mark for tag in tagging.themes for mark in tag.evidence]
        assert [span.start for span in labelling.evidence][: len(evidence)] == [mark.start for mark in evidence]
    assert taggings[0].relevant.value
    assert not taggings[1].relevant.value


def test_the_interface_offers_every_label(tmp_path: Path) -> None:
    """Each control and value that we write stands in the XML, themes of an own taxonomy too."""
    view = ElementTree.fromstring(labelling_interface())  # noqa: S314 - our own
    controls = [control for control in view if control.get("name")]
    offered = {control.get("name"): {option.get("alias") for option in control} for control in controls}
    full = a_labelling(
        election="pilkada", election_id="x", sebutan=("keamanan",), subtags=("asn",), mod_secondary="dugaan",
        event_date="2024-11-20", is_aggregate=True, case_stage="laporan", outcome="terbukti",
    )  # fmt: skip
    full = msgspec.structs.replace(full, evidence=(Span("mod:dugaan", 0, 6), Span("pokok:logistik", 0, 6, "title")))
    [task] = json.loads(written(tmp_path, "label-studio", full).read_bytes())
    for result in task["annotations"][0]["result"]:
        values = result["value"].get("choices") or result["value"].get("labels") or []
        assert set(values) <= offered.pop(result["from_name"], set()), result["from_name"]
    assert set(offered) == {"title", "text"}
    assert "Logistik" in labelling_interface()


def test_themes_of_an_own_taxonomy_are_known(tmp_path: Path) -> None:
    """With --taxonomy, labels and the interface have its themes, and no others."""
    table = tmp_path / "tema.toml"
    table.write_text(
        'version = "1"\n[[themes]]\nid = "banjir"\nname = {id = "Banjir", en = "Flood"}\ngroup = "extension"\n'
        'definition = "Banjir."\n',
        encoding="utf-8",
    )
    labelling = a_labelling(pokok=("banjir",))
    write_labels([labelling], tmp_path / "a.csv", taxonomy=table)
    assert read_labels(tmp_path / "a.csv", taxonomy=table).labellings == [labelling]
    with pytest.raises(InputError, match="pokok: 'banjir' is unknown"):
        read_labels(tmp_path / "a.csv")
    assert "pokok:banjir" in labelling_interface(table)


# Several labellings of one article.


def test_conflicts_say_who_gave_what_and_when() -> None:
    """Fields that differ are listed with values, people and times, oldest first; another order is no difference."""
    one = a_labelling(by="Sari", hour=9, pokok=("logistik", "keamanan"))
    two = a_labelling(by="Budi", hour=7, pokok=("keamanan", "logistik"), mod="dugaan")
    three = a_labelling("b-2", by="Budi")
    [found] = conflicts([one, two, three])
    assert (found.article, found.field) == ("a-1", "mod")
    assert [(side.value, side.by, side.at) for side in found.values] == [
        ("dugaan", "Budi", two.at), ("kejadian", "Sari", one.at)
    ]  # fmt: skip


def test_one_id_for_two_texts_is_a_conflict() -> None:
    """Labels of another article under the same id are not mixed silently."""
    other = a_labelling(by="Budi")
    other = msgspec.structs.replace(other, article=msgspec.structs.replace(other.article, text="Lain."))
    assert [found.field for found in conflicts([a_labelling(), other])] == ["text"]


def test_the_newest_labelling_wins() -> None:
    """By time, not by place in the file; one without a time is oldest; articles keep their order."""
    new, old = a_labelling(hour=9, sev=1), a_labelling(hour=7, sev=2)
    never = msgspec.structs.replace(a_labelling(sev=3), at=None)
    other = a_labelling("b-2")
    assert resolve([new, other, old, never]) == [new, other]


def test_the_majority_decides_field_by_field() -> None:
    """Two of three give theme, region and severity; each person counts once, with the newest labelling."""
    given_ones = [
        a_labelling(by="Sari", hour=7, sev=2, sebutan=("keamanan",)),
        a_labelling(by="Budi", hour=8, sev=2, pokok=("logistik", "keamanan"), regions=("64.02", "64")),
        a_labelling(by="Tono", hour=9, sev=3, pokok=("keamanan",), regions=("64",)),
        a_labelling(by="Tono", hour=6, sev=2),
    ]
    [result] = resolve(given_ones, "majority")
    labels = result.article.labels
    assert labels == msgspec.structs.replace(labels, pokok=("keamanan", "logistik"), sebutan=(), sev=2)
    assert labels.regions == ("64", "64.02")
    assert result.by == "Sari, Budi, Tono"
    assert result.at == given_ones[2].at
    assert [vote["by"] for vote in result.meta["resolved"]["of"]] == ["Sari", "Budi", "Tono"]
    assert conflicts(resolve(given_ones, "majority")) == []


def test_equal_votes_follow_the_newest_and_relevance_comes_first() -> None:
    """Those outvoted on relevance have no say on modality, so that the result is what somebody could have meant."""
    no: dict[str, Any] = {"rel": False, "pokok": (), "mod": None, "regions": ()}
    one, two = a_labelling(by="Sari", hour=7, **no), a_labelling(by="Budi", hour=8)
    assert resolve([two, one], "majority")[0].article == two.article
    four = [
        one,
        a_labelling(by="Tono", hour=7, **no),
        a_labelling(by="Rini", hour=8, mod="dugaan", sev=2),
        a_labelling(by="Budi", hour=9, mod="kejadian", sev=3),
    ]
    labels = resolve(four, "majority")[0].article.labels
    assert (labels.rel, labels.mod, labels.sev) == (True, "kejadian", 3)


def test_evidence_follows_the_labels() -> None:
    """Spans of a theme that was voted out go, those of the others come together; the result can be written."""
    mark = Span("pokok:logistik", 0, 6)
    out = Span("sebutan:keamanan", 30, 37)
    votes = [
        msgspec.structs.replace(a_labelling(by="Sari", hour=7), evidence=(mark,)),
        msgspec.structs.replace(a_labelling(by="Budi", hour=8), evidence=(Span("mod:dugaan", 0, 6),)),
        msgspec.structs.replace(a_labelling(by="Tono", hour=9, sebutan=("keamanan",)), evidence=(out, mark)),
    ]
    [result] = resolve(votes, "majority")
    assert result.evidence == (mark, Span("mod:dugaan", 0, 6))


# The command.


def run(*args: object) -> Any:
    """Run `pilkada labels` in this process."""
    return CliRunner().invoke(main, ["labels", *map(str, args)])


def test_the_command_knows_every_format() -> None:
    """The choices of --from and --to are the formats there are."""
    assert get_args(Format) == FILE_FORMATS


def test_convert_goes_from_format_to_format(tmp_path: Path) -> None:
    """By endings, or by --from and --to; --resolve leaves one labelling for each article."""
    two = [a_labelling(), a_labelling(by="Budi", hour=8, sev=1)]
    source = written(tmp_path, "jsonl", *two)
    assert run("convert", source, tmp_path / "a.xlsx").exit_code == 0
    result = run("convert", tmp_path / "a.xlsx", tmp_path / "b.jsonl", "--to", "doccano", "--resolve", "newest")
    assert result.exit_code == 0
    assert "2 labellings of 1 articles, 1 conflicts resolved by newest" in result.stderr
    assert read_labels(tmp_path / "b.jsonl", "doccano").labellings == [two[1]]
    result = run("convert", tmp_path / "b.jsonl", tmp_path / "c.csv")
    assert result.exit_code == 1
    assert "b.jsonl, line 1: label: is no field of ours" in result.stderr
    assert not (tmp_path / "c.csv").exists()


def test_what_is_left_out_is_said(tmp_path: Path) -> None:
    """Tasks without labels are named on stderr, and the rest is converted."""
    path = exported(tmp_path, exported_task(1), exported_task(2, annotation(7, 1, 7, rel=["tidak"])))
    result = run("convert", path, tmp_path / "a.csv")
    assert result.exit_code == 0
    assert "ekspor.json, task 1: left out (no annotation)" in result.stderr
    assert "Wrote 1 labellings" in result.stderr


def test_check_lists_conflicts(tmp_path: Path) -> None:
    """Across files, with status 1; files that agree are fine."""
    first = written(tmp_path, "jsonl", a_labelling())
    second = written(tmp_path, "csv", a_labelling(by="Budi", hour=8, sev=1))
    result = run("check", first, second, "--format", "json")
    assert result.exit_code == 1
    assert json.loads(result.stdout) == [
        {"article": "a-1", "field": "sev", "value": "0", "by": "Sari", "at": "2026-11-20T07:00+00:00"},
        {"article": "a-1", "field": "sev", "value": "1", "by": "Budi", "at": "2026-11-20T08:00+00:00"},
    ]
    assert "2 labellings, 1 conflicts" in result.stderr
    assert run("check", first).exit_code == 0


def test_tasks_and_interface_are_for_label_studio(tmp_path: Path) -> None:
    """Articles become tasks with predictions; a line that cannot be read is said, with status 1."""
    path = tmp_path / "berita.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in ARTICLES) + "{\n", encoding="utf-8")
    result = run("tasks", path, "--out", tmp_path / "tugas.json")
    assert result.exit_code == 1
    assert "berita.jsonl, line 3: not an article" in result.stderr
    assert [task["data"]["id"] for task in json.loads((tmp_path / "tugas.json").read_bytes())] == ["1", "2"]
    assert run("interface").stdout == labelling_interface()
