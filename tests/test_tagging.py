"""`pn.tag` on everything that people hold articles in, and what it says to what it does not take."""

import itertools
import os
import pty
import subprocess
import sys
import tracemalloc
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas
import polars
import pyarrow
import pytest

import pilkada_nlp as pn
from pilkada_nlp.article import Article, Tagging
from pilkada_nlp.article.rows import TAGS
from pilkada_nlp.classifiers import Tagger
from pilkada_nlp.errors import InputError
from tests.conftest import article_of

ROOT = Path(__file__).parents[1]
RIOT = "Rapat pleno KPU Kabupaten Paser dihentikan karena massa melempari gudang logistik Pilkada 2024."
PRICES = "Harga cabai di Pasar Senen naik dua kali lipat sejak awal pekan."

ROWS: dict[str, list[str | None]] = {"isi": [RIOT, None, PRICES, ""], "judul": ["Pleno ricuh", "Tanpa isi", None, None]}
FRAMES: dict[str, Callable[[], Any]] = {
    "pandas": lambda: pandas.DataFrame(ROWS, index=[7, 3, 5, 5]),
    "polars": lambda: polars.DataFrame(ROWS),
    "pyarrow": lambda: pyarrow.table(ROWS),
}
EMPTY: dict[str, Callable[[], Any]] = {
    "pandas": lambda: pandas.DataFrame({"isi": []}),
    "polars": lambda: polars.DataFrame({"isi": []}, schema={"isi": polars.String}),
    "pyarrow": lambda: pyarrow.table({"isi": pyarrow.array([], pyarrow.string())}),
}


def records(frame: Any) -> list[dict[str, Any]]:
    """Return the rows of a frame of any library, what is missing as None."""
    if isinstance(frame, pandas.DataFrame):
        return [
            {name: value if isinstance(value, list) or not pandas.isna(value) else None for name, value in row.items()}
            for row in frame.to_dict("records")
        ]
    rows: list[dict[str, Any]] = frame.to_dicts() if isinstance(frame, polars.DataFrame) else frame.to_pylist()
    return rows


def test_a_text_is_tagged_at_once(tagger: Tagger) -> None:
    """The shipped model answers; a first line is the title, as in a text file, and the same text has the same id."""
    tagging = pn.tag(f"Pleno ricuh di Paser\n\n{RIOT}")
    assert isinstance(tagging, Tagging)
    assert tagging.model == tagger.name
    assert tagging.relevant.value
    assert "64.01" in {place.code for place in tagging.places()}
    assert "title" in {one.field for tag in tagging.themes for one in tag.evidence}
    assert pn.tag(RIOT).id == pn.tag(RIOT).id != pn.tag(PRICES).id
    assert not pn.tag(PRICES).relevant.value
    assert pn.tag("").relevant.value is False


def test_articles_and_lists_keep_their_order(tagger: Tagger) -> None:
    """An article is tagged as the tagger does it; a list or tuple, mixed or empty, gives a list."""
    article = article_of(RIOT, "Pleno ricuh")
    assert pn.tag(article) == tagger.tag([article])[0]
    assert [tagging.relevant.value for tagging in pn.tag([PRICES, RIOT])] == [False, True]
    assert pn.tag((article, article)) == [pn.tag(article)] * 2
    assert pn.tag([]) == []


def test_an_iterator_is_tagged_as_it_is_asked_for() -> None:
    """An endless source is no trouble: nothing is read before it is needed, and nothing more than that."""
    read = []

    def endless() -> Iterator[str]:
        for number in itertools.count():
            read.append(number)
            yield PRICES

    taggings = pn.tag(endless())
    assert read == []
    assert len(list(itertools.islice(taggings, 3))) == 3
    assert read == [0, 1, 2]


def test_a_long_stream_takes_no_more_memory_than_a_short_one() -> None:
    """Tagging keeps nothing of what went by."""
    stream = pn.tag(article_of(PRICES, id=str(number)) for number in itertools.count())
    for _ in itertools.islice(stream, 150):
        pass
    tracemalloc.start()
    for _ in itertools.islice(stream, 50):
        pass
    early = tracemalloc.get_traced_memory()[0]
    for _ in itertools.islice(stream, 400):
        pass
    late = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert late - early < 50_000  # bytes; four hundred taggings would be twenty times that


@pytest.mark.parametrize("library", FRAMES)
def test_a_frame_gets_columns(library: str) -> None:
    """The same kind of frame comes back with the tags of each row, and nothing where there is no text."""
    frame = FRAMES[library]()
    tagged = pn.tag(frame, text="isi", title="judul")
    assert type(tagged) is type(frame)
    rows = records(tagged)
    assert list(rows[0]) == ["isi", "judul", *TAGS]
    assert [row["isi"] for row in rows] == ROWS["isi"]
    alone = pn.tag(f"Pleno ricuh\n{RIOT}").row()
    assert {name: rows[0][name] for name in TAGS} == alone
    assert {rows[1][name] for name in TAGS} == {None}
    assert (rows[2]["relevant"], rows[2]["themes"], rows[2]["severity"]) == (False, [], 0)
    assert rows[3]["relevant"] is False


@pytest.mark.parametrize("library", EMPTY)
def test_an_empty_frame_gets_empty_columns(library: str) -> None:
    """The columns are there, so that what follows in a notebook works."""
    tagged = pn.tag(EMPTY[library](), text="isi")
    assert tagged.shape == (0, 1 + len(TAGS))


def test_a_pandas_frame_stays_as_it_was() -> None:
    """Its index is kept, also with a label that stands twice; a mask and an explosion of themes work with nulls."""
    frame = FRAMES["pandas"]()
    tagged = pn.tag(frame, text="isi", title="judul")
    assert list(tagged.index) == [7, 3, 5, 5]
    assert list(frame.columns) == ["isi", "judul"]
    assert list(tagged[tagged["relevant"]].index) == [7]
    assert tagged["severity"].sum() == pn.tag(f"Pleno ricuh\n{RIOT}").severity
    assert set(tagged.explode("themes")["themes"].dropna()) == set(pn.tag(f"Pleno ricuh\n{RIOT}").row()["themes"])  # type: ignore[arg-type]


def test_columns_of_one_name_are_refused() -> None:
    """Pandas allows them; which of the two was meant nobody knows."""
    with pytest.raises(InputError, match="several columns have the same name"):
        pn.tag(pandas.DataFrame([[RIOT, PRICES]], columns=["text", "text"]))


def test_columns_of_pandas_may_have_numbers_for_names() -> None:
    """Frames of files without a head have these."""
    tagged = pn.tag(pandas.DataFrame([["a", RIOT]]), text=1)  # type: ignore[call-overload]
    assert tagged["themes"][0] == pn.tag(RIOT).row()["themes"]


def test_the_column_title_is_used_when_nothing_else_is_said() -> None:
    """`text` and `title` are the names that JSON lines have, too."""
    rows = records(pn.tag(polars.DataFrame({"text": [RIOT], "title": ["Pleno ricuh"]})))
    assert {name: rows[0][name] for name in TAGS} == pn.tag(f"Pleno ricuh\n{RIOT}").row()


@pytest.mark.parametrize("library", FRAMES)
def test_a_frame_that_does_not_fit_is_refused(library: str) -> None:
    """The message names the columns that are there, the ones in the way, or the row that holds no text."""
    frame = FRAMES[library]()
    with pytest.raises(InputError, match=r"no column 'text'; pass text=.*isi, judul"):
        pn.tag(frame)
    with pytest.raises(InputError, match=r"no column 'kepala'; pass title=.*isi, judul"):
        pn.tag(frame, text="isi", title="kepala")
    with pytest.raises(InputError, match=r"themes.*rename or drop them"):
        pn.tag(pn.tag(frame, text="isi"), text="isi")
    numbers = {"pandas": pandas.DataFrame, "polars": polars.DataFrame, "pyarrow": pyarrow.table}[library]({"isi": [3]})
    with pytest.raises(InputError, match=r"'isi' holds int in row 0"):
        pn.tag(numbers, text="isi")


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (7, "not a int"),
        (None, "not a NoneType"),
        (b"teks", r"data\.decode"),
        (Path("berita.jsonl"), "read_articles"),
        ({"teks"}, r"iter\(data\)"),
        ({"a": RIOT}, r"data\.values"),
        (pandas.Series([RIOT]), "the frame that it is a column of"),
        (polars.LazyFrame({"text": [RIOT]}), r"frame\.collect"),
        ([7], "found int among them"),
    ],
)
def test_anything_else_is_told_what_is_taken(data: Any, said: str) -> None:
    """The error says what `tag` takes and how to get there."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(TypeError, match=said):
            pn.tag(data)


def run(code: str, *, terminal: bool) -> tuple[str, str]:
    """Return what a fresh process prints on stdout and on stderr, which is a terminal or a pipe."""
    args = [sys.executable, "-c", code]
    if not terminal:
        done = subprocess.run(args, capture_output=True, text=True, check=True)
        return done.stdout, done.stderr
    main, other = pty.openpty()
    with subprocess.Popen(
        args, stdout=subprocess.PIPE, stderr=other, text=True, env={**os.environ, "TERM": "xterm"}
    ) as child:
        os.close(other)
        shown = b""
        try:
            while part := os.read(main, 4096):
                shown += part
        except OSError:  # a terminal whose last user has gone
            pass
        out = child.communicate()[0]
    os.close(main)
    assert child.returncode == 0
    return out, shown.decode()


@pytest.mark.parametrize("terminal", [True, False])
def test_a_bar_is_shown_on_a_terminal_and_nowhere_else(terminal: bool) -> None:
    """A pipe gets not one character; on a terminal a bar counts the texts, in a loop within a loop too."""
    code = (
        "import pilkada_nlp as pn; texts = ['Harga cabai naik.'] * 140\n"
        "for number, _ in enumerate(pn.tag(iter(texts))):\n"
        "    inner = pn.tag(texts) if number == 120 else []\n"
        "print(len(pn.tag(texts)), sum(1 for _ in pn.tag(iter(texts))))"
    )
    out, err = run(code, terminal=terminal)
    assert out == "140 140\n"
    assert ("/140" in err) is terminal
    assert terminal or err == ""


def test_a_notebook_shows_a_bar_of_its_own() -> None:
    """In a kernel progress is a picture that is drawn over, and gone at the end."""
    code = "import pilkada_nlp as pn\nlen(pn.tag(['Harga cabai naik.'] * 140))"
    kernel = pytest.importorskip("jupyter_client").manager.start_new_kernel()
    manager, client = kernel
    try:
        shown: list[str] = []

        def listen(message: dict[str, Any]) -> None:
            if message["msg_type"] in ("display_data", "update_display_data"):
                shown.append(message["content"]["data"].get("text/html", ""))

        reply = client.execute_interactive(code, output_hook=listen, timeout=60)
        assert reply["content"]["status"] == "ok"
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    assert shown[0].startswith('<progress value="100" max="140"')
    assert shown[-1] == ""


def test_a_plain_text_loads_nothing_but_the_model() -> None:
    """No learning, data frames, pages or bars for one text; polars frames do not load pandas."""
    heavy = ("sklearn", "scipy", "narwhals", "pandas", "polars", "pyarrow", "rich", "lxml", "trafilatura", "sqlalchemy")
    code = (
        "import sys, pilkada_nlp as pn; pn.tag('Massa merusak kantor KPU.');"
        f"print([name for name in {heavy} if name in sys.modules])"
    )
    assert run(code, terminal=False)[0] == "[]\n"
    code = (
        "import sys, polars, pilkada_nlp as pn; pn.tag(polars.DataFrame({'text': ['KPU']}));"
        "print([m for m in ('pandas', 'sklearn', 'rich') if m in sys.modules])"
    )
    assert run(code, terminal=False)[0] == "[]\n"


USER = """
from collections.abc import Iterator
from typing import assert_type

import polars

import pilkada_nlp as pn
from pilkada_nlp.article import Article, Tagging
from pilkada_nlp.article.findings import Watchlist, WatchlistEntry

assert_type(pn.tag("teks"), Tagging)
assert_type(pn.tag(["teks"]), list[Tagging])
articles = list(pn.read_articles("berita.jsonl"))
assert_type(articles, list[Article])
assert_type(pn.tag(articles), list[Tagging])
assert_type(pn.tag(articles[0]), Tagging)
assert_type(pn.tag(("teks", articles[0])), list[Tagging])
assert_type(pn.tag(pn.read_articles("berita.jsonl")), Iterator[Tagging])
assert_type(pn.tag(polars.DataFrame({"isi": ["teks"]}), text="isi"), polars.DataFrame)
assert_type(pn.Archive().watchlist(), Watchlist)
assert_type(pn.Archive().watchlist()["64.08/keamanan"], WatchlistEntry)
assert_type(pn.stem("teks"), str)
assert_type(pn.__version__, str)
pn.tag(7)
pn.tidak_ada
"""


def test_type_checkers_know_what_comes_back(tmp_path: Path) -> None:
    """A strict mypy run over a user's file finds the types of all calls, and only the two mistakes in it."""
    user = tmp_path / "user.py"
    user.write_text(USER, encoding="utf-8")
    args = [sys.executable, "-m", "mypy", "--config-file", "pyproject.toml", str(user)]
    environment = {**os.environ, "MYPYPATH": str(ROOT / "src")}
    done = subprocess.run(args, capture_output=True, text=True, check=False, cwd=ROOT, env=environment)
    errors = [line for line in done.stdout.splitlines() if ": error:" in line]
    lines = USER.splitlines()
    assert [int(error.split(":")[1]) for error in errors] == [lines.index("pn.tag(7)") + 1, len(lines)], done.stdout
    assert all(Article.__name__ in done.stdout and word in done.stdout for word in ("call-overload", "attr-defined"))
