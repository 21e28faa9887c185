"""What the command says, in both languages: nothing is missing, stale, lost or garbled; and where it takes colours."""

import ast
import errno
import json
import os
import pty
import re
import string
import subprocess
import sys
import tomllib
from collections import defaultdict
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal

import click
import msgspec
import pytest

from pilkada_nlp.cli.logs import start_logging, stop_logging
from pilkada_nlp.cli.messages import SPOKEN, say
from pilkada_nlp.cli.printing import complain, print_rows
from pilkada_nlp.wording import table
from tests.messages import SOURCE, out_of_sight, templates

CATALOGUE = table("messages.toml")
ENTRIES = [(english, indonesian) for part in CATALOGUE.values() for english, indonesian in part.items()]


def skeleton(template: str) -> str:
    """Return a template without the names of its placeholders: the same sentence may be said of an id and of a key."""
    return re.sub(r"\{\w+\}", "{}", template)


def names(template: str) -> list[str]:
    """Return the placeholders of a template."""
    return [name for _, name, _, _ in string.Formatter().parse(template) if name is not None]


@pytest.fixture
def in_indonesian(monkeypatch: pytest.MonkeyPatch) -> None:
    """Messages are in Indonesian."""
    monkeypatch.setenv("PILKADA_LANG", "id")


def test_every_message_has_indonesian_words() -> None:
    """A message in the code has its entry in data/messages.toml; the failure shows the lines to fill in."""
    known = set(map(skeleton, CATALOGUE["own"]))
    missing = {skeleton(text): (text, where) for text, where in templates().items() if skeleton(text) not in known}
    lines = [f'{json.dumps(text, ensure_ascii=False)} = ""  # {where}' for text, where in missing.values()]
    assert not lines, "\nAdd to [own] of src/pilkada_nlp/data/messages.toml, with the Indonesian:\n" + "\n".join(lines)


def test_no_entry_is_stale() -> None:
    """What the code does not say any more has no entry; nor is one sentence there twice."""
    said = set(map(skeleton, templates()))
    stale = [text for text in CATALOGUE["own"] if skeleton(text) not in said]
    assert not stale, "\nTake out of [own] of src/pilkada_nlp/data/messages.toml:\n" + "\n".join(stale)
    assert len({skeleton(english) for english, _ in ENTRIES}) == len(ENTRIES)


def test_both_sides_of_an_entry_have_the_same_placeholders() -> None:
    """Each placeholder stands once on each side, and some text beside them in Indonesian too."""
    for english, indonesian in ENTRIES:
        assert sorted(names(english)) == sorted(set(names(indonesian))), english
        assert indonesian.strip(), english


def test_messages_within_messages_are_known_as_such() -> None:
    """Where the code puts a message into another, its placeholder has a name that says so."""
    in_code = defaultdict(list)
    for text in templates():
        in_code[skeleton(text)].append(names(text))
    for english in CATALOGUE["own"]:
        for place, name in enumerate(names(english)):
            if any(found[place] in SPOKEN for found in in_code[skeleton(english)]):
                assert name in SPOKEN, f"{english}: {name} may be a message; call it as the code does"


@pytest.mark.parametrize("subject", ["", "/data/berita harian.jsonl: ", "sqlite:////a.db: "])
@pytest.mark.usefixtures("in_indonesian")
def test_every_entry_is_found_again(subject: str) -> None:
    """A message with its values in it becomes its Indonesian with the same values, whatever it is about."""
    wrong = []
    for english, indonesian in ENTRIES:
        values = {name: f"<{name}>" for name in names(english)}
        said = say(subject + english.format(**values))
        if said != subject + indonesian.format(**values):
            wrong.append((subject + english, said))
    assert not wrong


@pytest.mark.usefixtures("in_indonesian")
@pytest.mark.parametrize(
    ("english", "indonesian"),
    [
        (
            "a.jsonl, line 3: not an article (Object missing required field `text`); `pilkada tag --help` says what a"
            " line holds",
            "a.jsonl, baris 3: bukan artikel (kolom `text` tidak ada); `pilkada tag --help` menjelaskan isi satu baris",
        ),
        (
            "a.jsonl, line 2: not an article (Expecting value: line 1 column 1 (char 0)); `pilkada tag --help` says"
            " what a line holds",
            "a.jsonl, baris 2: bukan artikel (seharusnya ada nilai: baris 1 kolom 1 (karakter 0)); `pilkada tag --help`"
            " menjelaskan isi satu baris",
        ),
        (
            "article a7: no label was stored: regions: '99.99' is no code of a region; did you mean 91.99?",
            "artikel a7: tidak ada label yang disimpan: regions: '99.99' bukan kode daerah; mungkin maksud Anda 91.99?",
        ),
        (
            "article a7: no label was stored: at: 2099-01-01 00:00 UTC is still to come",
            "artikel a7: tidak ada label yang disimpan: at: 2099-01-01 00:00 UTC belum tiba",
        ),
        (
            "a.jsonl, line 1: regions: '99.99' is no code of a region; did you mean 91.99?",
            "a.jsonl, baris 1: regions: '99.99' bukan kode daerah; mungkin maksud Anda 91.99?",
        ),
        (
            "archive sqlite:////data/a b.db: its lock /data/a b.db.lock cannot be opened (Permission denied); check the"
            " permissions",
            "arsip sqlite:////data/a b.db: kuncinya /data/a b.db.lock tidak dapat dibuka (izin ditolak); periksa"
            " izinnya",
        ),
        (
            "label.csv, line 2: pokok: 'keamana' is unknown; did you mean keamanan, petahana?",
            "label.csv, baris 2: pokok: 'keamana' tidak dikenal; mungkin maksud Anda keamanan, petahana?",
        ),
        (
            "a.toml, line 9: election pilkada, milestone 2: source: is empty; say where the dates were published",
            "a.toml, baris 9: pemilihan pilkada, tahapan ke-2: source: kosong; sebutkan di mana tanggalnya diumumkan",
        ),
        (
            "w.toml: watch Kutai: threshold: tingi: there is no such level; did you mean tinggi?",
            "w.toml: pantauan Kutai: threshold: tingi: tidak ada tingkat itu; mungkin maksud Anda tinggi?",
        ),
        (
            "failed 4 times in a row: connection (Connection refused); silent: 0 articles yesterday, usually 12 a day",
            "gagal 4 kali berturut-turut: connection (sambungan ditolak); sunyi: 0 artikel kemarin, biasanya 12 sehari",
        ),
        (
            "feed https://a.id/rss: too_large (more than 1,000 bytes)",
            "feed https://a.id/rss: too_large (lebih dari 1,000 bita)",
        ),
    ],
)
def test_what_stands_in_a_message_is_said_too(english: str, indonesian: str) -> None:
    """Causes in brackets, places before a colon, hints after a semicolon."""
    assert say(english) == indonesian


@pytest.mark.usefixtures("in_indonesian")
@pytest.mark.parametrize(
    "text",
    [
        "",
        "database disk image is fine, thank you",
        "berita.jsonl: something that no entry knows (of 3); try again",
        "doccano has to be named, doccano-spans is its sequence labelling.",
        "line endings are mixed",
        "{error} {} %s",
        "\x1b[31mstopped",
    ],
)
def test_what_is_not_known_stays_as_it_is(text: str) -> None:
    """A message without an entry is printed in English, whole."""
    assert say(text) == text


@pytest.mark.usefixtures("in_indonesian")
def test_values_are_never_changed() -> None:
    """A file may be called "stopped", and an analyst may write "no labels"."""
    said = say("Recorded: 64.08/keamanan 2024-11-27T07:00+00:00 note by sources: no labels; {x}")
    assert said == "Dicatat: 64.08/keamanan 2024-11-27T07:00+00:00 note oleh sources: no labels; {x}"
    assert say("stopped: no labels") == "stopped: tanpa label"


@pytest.mark.usefixtures("in_indonesian")
@pytest.mark.parametrize("piece", [": ", "; ", " (", ")", " is unknown", ", line ", "x, line 1: ", "not an article ("])
def test_hostile_messages_are_cheap(piece: str) -> None:
    """However a value is made, looking for its words takes a bounded number of comparisons; a long one takes none."""
    compared = 0

    def count(frame: object, event: str, _argument: object) -> None:
        nonlocal compared
        compared += event == "call" and getattr(frame, "f_code").co_name == "values"  # noqa: B009

    for size in (3_000, 1_000_000):
        text = (piece * size)[:size] + ")"
        sys.setprofile(count)
        try:
            said = say(text)
        finally:
            sys.setprofile(None)
        assert said.endswith(")")
        assert compared < 200 * len(ENTRIES)
    assert said == text


def test_entries_for_the_system_are_its_own_words() -> None:
    """What the operating system says stands there letter for letter, where it is Linux's C library that says it."""
    spoken = {os.strerror(number) for number in errno.errorcode}
    assert set(CATALOGUE["system"]) <= spoken


def test_entries_for_click_are_its_own_words() -> None:
    """Each piece of text in an entry for click stands in click's source."""
    folder = Path(click.__file__).parent
    words = "\n".join(
        (folder / f"{name}.py").read_text(encoding="utf-8")
        for name in ("core", "exceptions", "formatting", "parser", "types")
    )
    words = re.sub(r'"\s*\n\s*f?"', "", words)  # texts that go on in the next line
    for english in CATALOGUE["click"]:
        for piece in re.split(r"\{\w+\}", re.sub(r"^(File|Directory|Path) ", "", english)):
            assert piece.strip(" .()'") in words, english


@pytest.mark.usefixtures("in_indonesian")
@pytest.mark.parametrize(
    ("line", "indonesian"),
    [
        (b'{"n": "x"}', "seharusnya `int`, bukan `str` - pada `$.n`"),
        (b"[]", "seharusnya `object`, bukan `array`"),
        (b"{}", "kolom `n` tidak ada"),
        (b'{"n": 1, "m": 2}', "kolom `m` tidak dikenal"),
        (b'{"n": 1, "inner": {}}', "kolom `n` tidak ada - pada `$.inner`"),
        (b'{"n": 1, "kind": "c"}', "nilai 'c' tidak dikenal - pada `$.kind`"),
        (b'{"n"', "datanya terputus"),
        (b"{n}", "JSON rusak: object keys must be strings (bita 1)"),
    ],
)
def test_what_msgspec_says_is_known(line: bytes, indonesian: str) -> None:
    """The complaints that users meet most, as the installed msgspec makes them."""

    class Inner(msgspec.Struct):
        n: int

    class Row(msgspec.Struct, forbid_unknown_fields=True):
        n: int
        inner: Inner | None = None
        kind: Literal["a", "b"] = "a"

    with pytest.raises(msgspec.MsgspecError) as caught:
        msgspec.json.decode(line, type=Row)
    assert say(caught.value) == indonesian


TOMLS = {
    "a = ": "nilai tidak sah (di akhir berkas)",
    "a": "setelah nama harus ada '=' (di akhir berkas)",
    "a = 1 b": "setelah satu isian harus ada baris baru (baris 1, kolom 7)",
    "a = 1\na = 2": "nilai ini sudah ditulis di atas (di akhir berkas)",
    "[a]\n[a]": "('a',) tidak boleh ditulis dua kali (baris 2, kolom 3)",
    "[a\n": "judul tabel harus diakhiri ']' (baris 1, kolom 3)",
    "a = [1": "daftar tidak ditutup (di akhir berkas)",
    'a = "x': "teks tidak ditutup (di akhir berkas)",
    'a = "x\n': "tanda '\\n' tidak boleh ada (baris 1, kolom 7)",
    "= 1": "baris tidak dapat dipahami (baris 1, kolom 1)",
    "a.= 1": "nama diawali tanda yang tidak sah (baris 1, kolom 3)",
}
JSONS = {
    "": "seharusnya ada nilai: baris 1 kolom 1 (karakter 0)",
    "{a}": "seharusnya nama dalam tanda kutip ganda: baris 1 kolom 2 (karakter 1)",
    '{"a" 1}': "seharusnya ada ':': baris 1 kolom 6 (karakter 5)",
    '{"a": 1 2}': "seharusnya ada ',': baris 1 kolom 9 (karakter 8)",
    "1 2": "ada data berlebih: baris 1 kolom 3 (karakter 2)",
    '"a': "teks tidak ditutup, mulai dari: baris 1 kolom 1 (karakter 0)",
}
BYTES = {
    b"\xff": "bita 0xff di posisi 0 bukan UTF-8 (bita awal tidak sah)",
    b"\xe9a": "bita 0xe9 di posisi 0 bukan UTF-8 (bita lanjutan tidak sah)",
    b"a\xe9": "bita 0xe9 di posisi 1 bukan UTF-8 (datanya terputus)",
}


def complaint(read: Callable[[Any], object], text: object) -> ValueError:
    """Return what a reader complains of."""
    try:
        read(text)
    except ValueError as error:
        return error
    raise AssertionError(f"{text!r} was read")


@pytest.mark.usefixtures("in_indonesian")
def test_what_python_says_is_known() -> None:
    """TOML, JSON and texts that are broken, as this Python complains of them."""
    readers: list[tuple[Callable[[Any], object], Mapping[Any, str]]] = [
        (tomllib.loads, TOMLS),
        (json.loads, JSONS),
        (bytes.decode, BYTES),
    ]
    for read, broken in readers:
        for text, indonesian in broken.items():
            assert say(complaint(read, text)) == indonesian
    with pytest.raises(OSError, match="No such file") as missing:
        Path("/tiada/sama/sekali").read_text(encoding="utf-8")
    assert say(missing.value) == "berkas atau folder tidak ada, kesalahan 2: '/tiada/sama/sekali'"


def run(*args: str, language: str | None, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command in a process of its own, with nothing of the user's."""
    own = {name: value for name, value in os.environ.items() if name not in ("PILKADA_LANG", "NO_COLOR")}
    own |= {"XDG_CONFIG_HOME": str(cwd), "XDG_DATA_HOME": str(cwd), "PYTHONPATH": str(SOURCE.parent), **environment}
    own |= {"PILKADA_LANG": language} if language else {}
    command = [sys.executable, "-m", "pilkada_nlp", *args]
    return subprocess.run(command, env=own, cwd=cwd, capture_output=True, text=True, check=False)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with files that are wrong in various ways."""
    (tmp_path / "salah.toml").write_text('contact = " "\nout = "x"\n', encoding="utf-8")
    (tmp_path / "baik.toml").write_text('contact = "a@contoh.id"\nout = "x"\n', encoding="utf-8")
    (tmp_path / "media.toml").write_text(
        '[[outlets]]\nid = "A B"\nname = "a"\nhome = "https://a.id"\n', encoding="utf-8"
    )
    (tmp_path / "label.jsonl").write_text('{"id": "a1"}\n', encoding="utf-8")
    (tmp_path / "biner.txt").write_bytes(b"\x00\x01\x02")
    return tmp_path


@pytest.mark.parametrize(
    ("args", "status", "english", "indonesian"),
    [
        (["tag", "--fo", "x"], 2, "No such option '--fo'", "Tidak ada opsi '--fo'"),
        (["tag"], 2, "Missing argument 'FILE…|-'.", "Argumen 'FILE…|-' tidak diberikan."),
        (["schedule"], 2, "Missing option '--print'. Choose from:", "Opsi '--print' tidak diberikan. Pilih dari:"),
        (["tagg"], 2, "Try 'pilkada --help' for help.", "Bantuan: jalankan 'pilkada --help'."),
        (["outlets", "lst"], 2, "Usage: pilkada outlets ", "Cara pakai: pilkada outlets "),
        (["train", "--seed", "x"], 2, "'x' is not a valid integer.", "'x' bukan bilangan bulat yang sah."),
        (["tag", "x", "--format", "xml"], 2, "'xml' is not one of 'table'", "'xml' bukan salah satu dari 'table'"),
        (["labels", "check", "apa.csv"], 2, "File 'apa.csv' does not exist.", "Berkas 'apa.csv' tidak ada."),
        (
            ["decide", "64.08/keamana", "note", "--why", "x"],
            2,
            "there is no such theme; did you mean keamanan",
            "tidak ada tema itu; mungkin maksud Anda keamanan",
        ),
        (
            ["watchlist", "--date", "21-11-2024"],
            2,
            "Invalid value for '--date': '21-11-2024' is no date; write YYYY-MM-DD",
            "Nilai tidak sah untuk '--date': '21-11-2024' bukan tanggal; tulis TTTT-BB-HH",
        ),
        (["watchlist", "--date", "2024-11-31"], 2, "2024-11-31 is not in the", "2024-11-31 tidak ada dalam kalender"),
        (["watchlist", "--date", "kemarin"], 1, "there is no archive here", "tidak ada arsip di sini"),
        (["tag", "-", "--model", "tagger-x"], 1, "tagger-x: there is no such version", "tagger-x: tidak ada versi itu"),
        (["watchlist", "--date", "0001-01-01"], 2, "is before any news", "lebih awal daripada berita"),
        (
            ["poll", "--config", "tiada.toml"],
            2,
            "There is no configuration at tiada.toml; write one",
            "Tidak ada konfigurasi di tiada.toml; buatlah",
        ),
        (
            ["poll", "--config", "salah.toml"],
            2,
            "pilkada: salah.toml: contact is ' ';",
            "pilkada: salah.toml: contact adalah ' ';",
        ),
        (
            ["outlets", "check", "--outlets", "media.toml"],
            2,
            "media.toml: outlet A B: id: 'A B' is not made of",
            "media.toml: media A B: id: 'A B' tidak terdiri atas",
        ),
        (
            ["doctor", "--config", "baik.toml", "--archive", "sqlite:////dev/null/x/a.db"],
            1,
            "pilkada: archive sqlite:////dev/null/x/a.db: its folder cannot be made (Not a directory);",
            "pilkada: arsip sqlite:////dev/null/x/a.db: foldernya tidak dapat dibuat (bukan folder);",
        ),
        (
            ["labels", "check", "label.jsonl"],
            1,
            "pilkada: label.jsonl, line 1: ",
            "pilkada: label.jsonl, baris 1: ",
        ),
        (
            ["extract", "tiada.html"],
            1,
            "tiada.html: cannot be read (No such file or directory)",
            "tiada.html: tidak terbaca (berkas atau folder tidak ada)",
        ),
        (["tag", "biner.txt"], 1, "biner.txt: this is no text;", "biner.txt: ini bukan teks;"),
        (["rollback"], 1, "nothing was in service before", "belum ada model yang bertugas sebelum"),
    ],
)
def test_typical_errors_in_both_languages(
    args: list[str], status: int, english: str, indonesian: str, folder: Path
) -> None:
    """The same exit status, and the same facts in other words; English is the default."""
    for language, said in ((None, english), ("id", indonesian)):
        done = run(*args, language=language, cwd=folder)
        assert done.returncode == status
        assert said in done.stderr
        assert "Traceback" not in done.stderr


def test_an_unknown_language_is_pointed_out_once(folder: Path) -> None:
    """Messages are in English then, after one line that says which values there are."""
    done = run("tag", "tiada", "tiada-juga", language="jv", cwd=folder)
    assert done.stderr.count("PILKADA_LANG is 'jv'; it can be id or en") == 1
    assert done.stderr.count("there is no such file or folder") == 2
    for language in ("en", "EN", " ", ""):
        assert "PILKADA_LANG" not in run("tag", "tiada", language=language, cwd=folder).stderr


def test_help_and_results_stay_english(folder: Path) -> None:
    """Help, names of columns, and JSON are an interface; a table's title is a message."""
    assert (
        run("tag", "--help", language="id", cwd=folder).stdout == run("tag", "--help", language="en", cwd=folder).stdout
    )
    assert run(language="id", cwd=folder).stderr.count("Results go to stdout") == 1
    rows = [
        run("outlets", "list", "--format", "json", language=language, cwd=folder).stdout for language in ("id", "en")
    ]
    assert rows[0] == rows[1] != ""
    shown = run("models", language="id", cwd=folder).stdout
    assert "version" in shown


@pytest.mark.usefixtures("in_indonesian")
def test_programs_read_english(capsys: pytest.CaptureFixture[str]) -> None:
    """JSON lines of the log and rows as JSON hold the messages of the code; tables and lines for people do not."""
    start_logging(True)
    try:
        complain("stopped")
    finally:
        stop_logging()
    assert json.loads(capsys.readouterr().err)["event"] == "stopped"
    rows: list[dict[str, str | int | float]] = [{"outlet": "antara", "detail": "the answer is empty"}]
    print_rows(rows, "json", "Sources")
    assert "the answer is empty" in capsys.readouterr().out
    print_rows(rows, "table", "Sources")
    shown = capsys.readouterr().out
    assert "jawabannya kosong" in shown
    assert "Sumber" in shown


def test_messages_go_through_the_one_door() -> None:
    """Nothing else writes to stderr, and a question is put with `say`: else a message would stay English unseen."""
    for path in sorted(SOURCE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and any(keyword.arg == "err" for keyword in node.keywords):
                where = f"{path.name}:{node.lineno}"
                if ast.unparse(node.func) in ("click.prompt", "click.confirm"):
                    assert ast.unparse(node.args[0]).startswith("say("), f"{where}: ask with say(…)"
                else:
                    doors = ("cli/printing.py", "cli/logs.py", "cli/__init__.py")
                    assert path.relative_to(SOURCE).as_posix() in doors, f"{where}: use tell(…) of cli/printing.py"


def test_no_message_is_made_out_of_sight() -> None:
    """Where a function makes a whole message, its texts are collected: it stands in TELLERS of tests/messages.py."""
    assert not out_of_sight()


def test_only_one_module_takes_colours() -> None:
    """Styles and rich are used where NO_COLOR is heeded and nowhere else."""
    for path in sorted(SOURCE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            styled = isinstance(node, ast.Attribute) and node.attr in ("style", "secho")
            rich = isinstance(node, ast.ImportFrom) and (node.module or "").startswith("rich")
            # The bar of `pn.tag` runs where no command does.
            assert path.name in ("printing.py", "progress.py") or not (styled or rich), path


COLOURED = (
    ["outlets", "list"],
    ["models"],
    ["tag", "berita.txt"],
    ["extract", "berita.html"],
    ["tag", "tiada"],
    ["tagg"],
)


@pytest.mark.parametrize("args", COLOURED, ids=" ".join)
def test_no_escape_codes_with_no_color_or_into_a_pipe(args: list[str], tmp_path: Path) -> None:
    """On a terminal with NO_COLOR, and into a pipe, only text is printed; some of these do have bold type otherwise."""
    text = "KPU Kota Bontang menetapkan jadwal pemungutan suara pemilihan wali kota pada Rabu pagi. " * 12
    (tmp_path / "berita.txt").write_text(f"Jadwal pemungutan suara ditetapkan\n\n{text}\n", encoding="utf-8")
    page = f"<title>Jadwal</title><h1>Jadwal ditetapkan</h1><article><p>{text}</p><p>{text}</p></article>"
    (tmp_path / "berita.html").write_text(page, encoding="utf-8")
    piped = run(*args, language="id", cwd=tmp_path, TERM="xterm-256color")
    assert piped.stdout + piped.stderr
    assert "\x1b" not in piped.stdout + piped.stderr
    shown = on_a_terminal(args, tmp_path, NO_COLOR="1")
    assert shown.strip()
    assert b"\x1b" not in shown


def test_a_terminal_takes_bold_type(tmp_path: Path) -> None:
    """The test above would see escape codes: without NO_COLOR a table has some."""
    assert b"\x1b[" in on_a_terminal(["outlets", "list"], tmp_path)


def on_a_terminal(args: list[str], cwd: Path, **environment: str) -> bytes:
    """Return what the command prints on a terminal."""
    outer, inner = pty.openpty()
    own = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
    own |= {
        "TERM": "xterm-256color",
        "XDG_DATA_HOME": str(cwd),
        "XDG_CONFIG_HOME": str(cwd),
        "PYTHONPATH": str(SOURCE.parent),
        **environment,
    }
    command = [sys.executable, "-m", "pilkada_nlp", *args]
    with subprocess.Popen(command, stdin=inner, stdout=inner, stderr=inner, env=own, cwd=cwd):
        os.close(inner)
        printed = bytearray()
        try:
            while some := os.read(outer, 65_536):
                printed += some
        except OSError:
            pass  # Linux says so when the last process has closed the terminal
        finally:
            os.close(outer)
    return bytes(printed)
