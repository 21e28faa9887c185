"""Articles that a user hands over directly."""

import gzip
import json
import os
import random
import shutil
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from pilkada_nlp.errors import InputError
from pilkada_nlp.inputs import article_of_html, article_of_json, article_of_text, read_articles


def test_a_json_line_becomes_an_article() -> None:
    """Ids are kept as text, dates read, missing fields are empty, extra fields ignored."""
    line = '{"id": 7, "title": "J", "text": "isi", "url": "https://a.id", "date": "2024-11-21T10:00:00+07:00", "x": 1}'
    article = article_of_json(line.encode(), "f", 1)
    assert (article.id, article.title, article.text, article.url) == ("7", "J", "isi", "https://a.id")
    assert article.published_at == datetime(2024, 11, 21, 3, 0, tzinfo=UTC)
    assert article_of_json(b'{"text": "isi", "date": "21 Nop 2024"}', "f", 9).published_on == date(2024, 11, 21)
    assert article_of_json(b'{"text": "isi"}', "f", 9).id == "9"


@pytest.mark.parametrize("line", [b"", b"{", b"[]", b'{"id": 1}', b'{"text": null}', b'{"text": 3}', b"\xff\xfe{}"])
def test_a_bad_line_says_its_number(line: bytes) -> None:
    """File and line stand in the message."""
    with pytest.raises(InputError, match=r"f\.jsonl, line 12: not an article") as caught:
        article_of_json(line, "f.jsonl", 12)
    assert caught.value.line == 12


@pytest.mark.parametrize(
    "content",
    [
        b"%PDF-1.7\n1 0 obj",
        b"\x89PNG\r\n\x1a\n",
        "Kantor KPU".encode("utf-16-le"),
        random.Random(0).randbytes(4096),
        b"\xff\xfe" + b"\x00\xd8" * 99,  # UTF-16 of halves of characters
    ],
)
def test_what_is_no_text_is_refused(content: bytes) -> None:
    """A PDF, a picture, random bytes and text in an encoding that nothing announces are not tagged as articles."""
    with pytest.raises(InputError, match="no text"):
        article_of_text(content, "f")
    assert article_of_text("Kantor KPU dibakar".encode("utf-16"), "f").text == "Kantor KPU dibakar"
    assert article_of_text("Ia berkata, “Kantor KPU dibakar.”".encode("cp1252"), "f").text


@pytest.mark.parametrize("content", [b"", b" \n\n", b"\xef\xbb\xbf", b"\xff\xfe"])
def test_an_empty_text_is_refused(content: bytes) -> None:
    """It is not an article about nothing."""
    with pytest.raises(InputError, match="f: is empty"):
        article_of_text(content, "f")


@pytest.mark.parametrize("shown", ["besok", "5/14/2025 16:46"])
def test_a_date_that_cannot_be_read_is_none(shown: str) -> None:
    """The article is kept, without a date invented for it."""
    article = article_of_json(f'{{"text": "Bawaslu", "date": "{shown}"}}'.encode(), "f", 3)
    assert (article.published_on, article.published_at) == (None, None)


def test_the_first_line_of_a_text_is_its_title() -> None:
    """Unless it is as long as a paragraph, or all there is; a byte order mark and NULs do no harm."""
    article = article_of_text("\ufeffJudul\n\nIsi satu.\nIsi dua.\x00".encode(), "f")
    assert (article.title, article.text) == ("Judul", "Isi satu.\nIsi dua.�")
    assert article_of_text(b"hanya satu baris", "f").text == "hanya satu baris"


def test_a_page_without_an_article_is_an_error() -> None:
    """HTML goes through extraction, and its refusal is told."""
    body = "<h1>Judul yang cukup panjang</h1>" + "<p>Isi paragraf yang cukup panjang untuk sebuah berita.</p>" * 9
    assert article_of_html(f'<div class="entry-content">{body}</div>'.encode(), "f.html").id == "f.html"
    with pytest.raises(InputError, match=r"f\.html: no article .*too_short"):
        article_of_html(b"<p>kosong</p>", "f.html")


@pytest.mark.parametrize(
    ("name", "content", "titles", "lines"),
    [
        (
            "a.jsonl",
            '\n{"text": "isi", "title": "Satu"}\n{rusak\n{"text": "isi", "title": "Dua"}',
            ["Satu", "Dua"],
            [3],
        ),
        ("tanpa-nama", '\ufeff {"text": "isi", "title": "Satu"}\n{"id": 1}\n', ["Satu"], [2]),
        ("tanpa-nama", " <p>kosong</p>", [], [None]),
        ("a.htm", "kosong", [], [None]),
        ("a.txt", "Judul\nIsi.", ["Judul"], []),
        ("a.txt", "{Kutipan} di awal judul\nIsi.", ["{Kutipan} di awal judul"], []),
        ("a.htm", "{% templat %}", [], [None]),
        ("a.txt", "", [], [None]),
        ("a.txt", "%PDF-1.7", [], [None]),
    ],
)
@pytest.mark.parametrize("packed", [False, True])
def test_a_file_is_read_as_what_it_is(
    tmp_path: Path, name: str, content: str, titles: list[str], lines: list[int | None], packed: bool
) -> None:
    """Its name or its first character tells; what cannot be read is reported, and the rest is read all the same."""
    path = tmp_path / (f"{name}.gz" if packed else name)
    path.write_bytes(gzip.compress(content.encode()) if packed else content.encode())
    reported: list[InputError] = []
    assert [article.title for article in read_articles(path, reported.append)] == titles
    assert [error.line for error in reported] == lines
    assert all(error.path == str(path) for error in reported)


def test_a_folder_is_read_whole_and_in_order(tmp_path: Path) -> None:
    """Files that say what they hold are read, those within folders too; a broken one is warned of, others are left."""
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "dua.txt").write_text("Judul dua\nIsi.", encoding="utf-8")
    (tmp_path / "a.jsonl").write_text('{"text": "isi", "title": "Judul satu"}\n{rusak\n', encoding="utf-8")
    (tmp_path / "c.jsonl.gz").write_bytes(gzip.compress(b'{"text": "isi"}' * 9)[:-12])
    (tmp_path / "README.md").write_text("bukan berita", encoding="utf-8")
    with pytest.warns(UserWarning, match="passed over") as warned:
        articles = list(read_articles(str(tmp_path)))
    assert [article.title for article in articles] == ["Judul satu", "Judul dua"]
    assert str(warned[0].message).startswith(f"passed over: {tmp_path / 'a.jsonl'}, line 2: not an")
    assert f"{tmp_path / 'c.jsonl.gz'}: cannot be read" in str(warned[1].message)


def test_nothing_of_a_folder_is_lost_silently(tmp_path: Path) -> None:
    """Links that lead nowhere or in a circle and a folder that cannot be opened are reported; a pipe is no file."""
    (tmp_path / "a.txt").write_text("Judul\nIsi.", encoding="utf-8")
    (tmp_path / "b.txt").symlink_to("tidak-ada.txt")
    (tmp_path / "c.txt").symlink_to("c.txt")
    (tmp_path / "d").symlink_to(tmp_path)
    os.mkfifo(tmp_path / "pipa.txt")
    place = os.open(tmp_path, os.O_RDONLY)
    for _ in range(20):  # folders within folders, deeper than a path can say
        os.mkdir("e" * 250, dir_fd=place)
        place, above = os.open("e" * 250, os.O_RDONLY, dir_fd=place), place
        os.close(above)
    os.close(place)
    reported: list[InputError] = []
    assert [article.title for article in read_articles(tmp_path, reported.append)] == ["Judul"]
    assert sorted(Path(error.path or "").name[:5] for error in reported) == ["b.txt", "c.txt", "eeeee"]
    assert all("cannot be read" in str(error) for error in reported)
    shutil.rmtree(tmp_path)


def test_nothing_there_is_an_error_at_once(tmp_path: Path) -> None:
    """A slip in a path is not an empty list, and neither is a folder of something else."""
    with pytest.raises(InputError, match="no such file or folder"):
        read_articles(tmp_path / "tidak-ada.jsonl")
    with pytest.raises(InputError, match=r"no files that end in \.jsonl"):
        read_articles(tmp_path)
    with pytest.raises(InputError, match="cannot be read"):
        read_articles("Massa merusak kantor KPU Kabupaten Paser. " * 20)


def test_the_corpora_can_be_read_as_articles() -> None:
    """Lines of the labelled corpora have dates, and their labels are no trouble."""
    path = Path(__file__).parents[1] / "corpora" / "berita" / "keamanan.jsonl"
    articles = list(read_articles(path))
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert [(one.id, f"{one.day}", one.published_on) for one in articles] == [
        (row["id"], row["date"], date.fromisoformat(row["date"])) for row in rows
    ]
