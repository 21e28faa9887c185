"""The command: what it prints where, its exit status, and what it says about bad input."""

import csv
import io
import json
import os
import pty
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from pilkada_nlp.cli import main
from pilkada_nlp.demo import demo_articles
from tests.conftest import Site

ARTICLE = demo_articles()[0]
TEXT = "\n\n".join(ARTICLE.paragraphs)


def run(*args: str, stdin: str | bytes | None = None) -> Result:
    """Run the command in this process."""
    return CliRunner().invoke(main, list(args), input=stdin)


def line(**fields: object) -> str:
    """Return a JSONL line of the first demonstration article."""
    return json.dumps({"id": "a1", "title": ARTICLE.title, "text": TEXT, **fields})


@pytest.mark.parametrize("verb", ["init", "daily", "fetch", "doctor", "demo", "tag", "train", "stem", "extract"])
def test_every_verb_has_help(verb: str) -> None:
    """Help names the options, and every verb that prints results offers the four formats."""
    result = run(verb, "--help")
    assert result.exit_code == 0
    assert ("[table|json|jsonl|csv]" in result.output) == (verb not in ("init", "stem", "extract"))


def test_tag_speaks_to_people_in_their_language(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is not a name of a label is a message."""
    assert "  not about an election (" in run("tag", "-", stdin="Harga cabai naik di pasar.").stdout
    monkeypatch.setenv("PILKADA_LANG", "id")
    assert "  tidak tentang pemilihan (" in run("tag", "-", stdin="Harga cabai naik di pasar.").stdout
    assert "; keparahan " in run("tag", "-", stdin=line()).stdout


def test_help_lists_every_verb_once_under_a_heading() -> None:
    """Each has one line of its own, which ends in a full stop and fits 80 columns."""
    listed = run("--help").output.partition("Every day:")[2]
    lines = [line for line in listed.splitlines() if line.startswith("  ")]
    assert sorted(line.split()[0] for line in lines) == sorted(main.commands)
    assert all(line.endswith(".") and not line.endswith("...") and len(line) <= 80 for line in lines)


@pytest.mark.parametrize(
    "args",
    [
        "watchlist",
        "why 64.08/keamanan",
        "decide 64.08/keamanan note --why ada",
        "correct 64.08/keamanan --withdraw --why salah",
        "alerts list",
        "label",
        "label next 3",
        "labels import {labels}",
        "labels export {folder}/label.jsonl",
        "drift",
        "retag --since 2024-11-21",
        "train --from-archive",
    ],
)
def test_an_archive_that_is_not_there_is_no_calm_day(tmp_path: Path, args: str) -> None:
    """What reads an archive refuses an address without one, and makes neither a file nor its folder."""
    config, labels, missing = tmp_path / "c.toml", tmp_path / "l.jsonl", tmp_path / "salah" / "takada.db"
    config.write_text(f'contact = "saya@contoh.id"\nout = "{tmp_path}"\n', encoding="utf-8")
    labels.write_text("", encoding="utf-8")
    given = args.format(labels=labels, folder=tmp_path).split()
    if given[0] == "retag" or given[:2] == ["labels", "import"]:
        given += ["--config", str(config)]
    result = run(*given, "--archive", f"sqlite:///{missing}")
    assert result.exit_code == 1, result.output
    assert f"archive sqlite:///{missing}: there is no archive here; `pilkada daily` makes one" in result.stderr
    assert not missing.parent.exists()


def test_stem_reads_standard_input() -> None:
    """Each line is stemmed, with the corrections or as stock PySastrawi; odd bytes do no harm."""
    assert run("stem", stdin="Petahana berkampanye\n\nRelawan").output == "petahana kampanye\n\nrelawan\n"
    assert run("stem", "--stock", stdin="Petahana").output == "tahana\n"
    assert run("stem", stdin=b"\xff\x00 membaca").output == "baca\n"


def test_wrong_usage_exits_2() -> None:
    """An unknown verb, a missing file name, a wrong date, an unknown format."""
    for args in (["apa"], ["tag"], ["daily", "--date", "besok"], ["tag", "-", "--format", "xml"]):
        assert run(*args).exit_code == 2, args


def test_tag_reads_text_html_and_jsonl(tmp_path: Path) -> None:
    """The same article is tagged alike from a text file, a page, a JSONL file and standard input."""
    (tmp_path / "a.txt").write_text(f"{ARTICLE.title}\n\n{TEXT}", encoding="utf-8")
    paragraphs = "".join(f"<p>{paragraph}</p>" for paragraph in ARTICLE.paragraphs)
    page = f'<title>{ARTICLE.title}</title><h1>{ARTICLE.title}</h1><div class="entry-content">{paragraphs}</div>'
    (tmp_path / "a.html").write_text(page, encoding="utf-8")
    (tmp_path / "a.jsonl").write_text(line() + "\n", encoding="utf-8")
    files = [str(tmp_path / name) for name in ("a.txt", "a.html", "a.jsonl")]
    result = run("tag", *files, "-", "--format", "jsonl", stdin=line())
    assert result.exit_code == 0
    rows = [json.loads(text) for text in result.stdout.splitlines()]
    assert [row["id"] for row in rows] == [*files[:2], "a1", "a1"]
    for row in rows:
        assert row["modality"]["value"] == "kejadian"
        assert [theme["theme"] for theme in row["themes"]] == ["keamanan"]
        assert [region["code"] for region in row["regions"] if region["role"] == "peristiwa"] == ["64.08"]


def test_tag_prints_the_four_formats() -> None:
    """A list, lines, a table with a header, and lines for people; always on stdout."""
    data = line(title='=HYPERLINK("x")') + "\n" + line(id="a2") + "\n"
    assert [row["id"] for row in json.loads(run("tag", "-", "--format", "json", stdin=data).stdout)] == ["a1", "a2"]
    rows = list(csv.DictReader(io.StringIO(run("tag", "-", "--format", "csv", stdin=data).stdout)))
    assert [row["modality"] for row in rows] == ["kejadian", "kejadian"]
    assert rows[0]["title"].startswith("'=")
    shown = run("tag", "-", stdin=data).stdout
    assert "keamanan: pokok" in shown
    assert "64.08 Kabupaten Kutai Timur" in shown


def test_bad_lines_are_reported_and_the_rest_goes_on() -> None:
    """A line without text, bad JSON, an empty line: the number on stderr, the others tagged, exit 1 at the end."""
    data = "\n".join([line(), '{"id": "b"}', "", "{rusak", line(id="z", text="\ud800 rusak")])
    result = run("tag", "-", "--format", "jsonl", stdin=data.encode("utf-8", "surrogatepass"))
    assert result.exit_code == 1
    assert [json.loads(text)["id"] for text in result.stdout.splitlines()] == ["a1", "z"]
    assert "<stdin>, line 2" in result.stderr
    assert "<stdin>, line 4" in result.stderr
    assert "line 3" not in result.stderr


def test_missing_files_do_not_stop_the_others(tmp_path: Path) -> None:
    """A file that is not there, an empty folder, a page without an article: one sentence each, the rest is tagged."""
    (tmp_path / "kosong").mkdir()
    (tmp_path / "isi").mkdir()
    (tmp_path / "isi" / "a.jsonl").write_text(line(), encoding="utf-8")
    (tmp_path / "b.html").write_text("<p>kosong</p>")
    files = ["tidak-ada.txt", str(tmp_path / "kosong"), str(tmp_path / "b.html"), str(tmp_path / "isi")]
    result = run("tag", *files, "--format", "csv")
    assert result.exit_code == 1
    assert len(result.stdout.splitlines()) == 2
    assert len(result.stderr.splitlines()) == 3
    assert "tidak-ada.txt" in result.stderr


def test_a_broken_model_is_one_sentence(tmp_path: Path) -> None:
    """Exit 1, and what to do."""
    result = run("tag", "-", "--model", str(tmp_path), stdin=line())
    assert result.exit_code == 1
    assert "make models" in result.stderr


def test_daily_without_a_configuration_exits_2(tmp_path: Path) -> None:
    """One sentence that names the file and `pilkada init`."""
    result = run("daily", "--config", str(tmp_path / "config.toml"))
    assert result.exit_code == 2
    assert len(result.stderr.splitlines()) == 1
    assert "pilkada init" in result.stderr


def test_init_writes_what_daily_reads(tmp_path: Path) -> None:
    """Given as options or answered when asked; unknown outlets are refused, an old file replaced only when told to."""
    path = tmp_path / "config.toml"
    args = ["init", "--config", str(path)]
    result = run(*args, "--contact", "a@b.id", "--outlets", "antara, tempo", "--out", str(tmp_path))
    assert result.exit_code == 0, result.output
    assert '"antara",\n  "tempo",' in path.read_text()
    assert run(*args, "--contact", "lain@b.id", "--outlets", "", "--out", "x", stdin="n\n").exit_code == 1
    assert "a@b.id" in path.read_text()
    result = run(*args, stdin="y\nlain@b.id\n\nringkasan\n")
    assert result.exit_code == 0
    assert re.search(r"\d+ outlets are known; `pilkada outlets list` shows them", result.stderr)
    assert "Enter means all" in result.stderr
    assert "antara-kaltim" not in result.stderr
    assert "lain@b.id" in path.read_text()
    path.unlink()
    assert "no e-mail or web address" in run(*args, "--contact", "a", "--outlets", "", "--out", "x").stderr
    result = run(*args, "--contact", "a@b.id", "--outlets", "takada", "--out", "x")
    assert result.exit_code == 2
    assert result.stderr == "pilkada: unknown outlets: takada; `pilkada outlets list` shows all\n"
    assert not path.exists()


def test_a_day_to_come_has_no_summary(tmp_path: Path) -> None:
    """A slip of the year must not end in a page that looks like calm."""
    path = tmp_path / "config.toml"
    run("init", "--config", str(path), "--contact", "a@b.id", "--outlets", "antara", "--out", str(tmp_path))
    result = run("daily", "--config", str(path), "--date", "2999-01-01")
    assert result.exit_code == 2
    assert "has not come yet" in result.stderr


def test_demo_prints_the_watchlist_and_writes_the_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The table on stdout in the language of messages, the paths on stderr; JSON and CSV for scripts."""
    result = run("demo", "--out", str(tmp_path))
    assert result.exit_code == 0, result.output
    assert "Kabupaten Kutai" in result.stdout
    assert "Watchlist, Thursday, 21 November 2024" in result.stdout
    assert "ringkasan-2024-11-21.html" in result.stderr
    monkeypatch.setenv("PILKADA_LANG", "id")
    result = run("demo", "--out", str(tmp_path), "--lang", "en")
    assert "Daftar pantau, Kamis, 21 November 2024" in result.stdout
    assert "3 dari 3 sumber terbaca." in result.stdout
    result = run("why", "64.08/keamanan", "--archive", f"sqlite:///{tmp_path / 'demo-archive.db'}")
    assert "nilai     5.25, jumlah bobot di bawah" in result.stdout
    monkeypatch.delenv("PILKADA_LANG")
    result = run("demo", "--out", str(tmp_path))
    assert "ringkasan-2024-11-21.html" in result.stderr
    summary = json.loads(run("demo", "--out", str(tmp_path), "--format", "json").stdout)
    assert summary["watchlist"][0]["region"] == "64.08"
    english = run("demo", "--out", str(tmp_path), "--lang", "en", "--format", "csv")
    assert next(csv.DictReader(io.StringIO(english.stdout)))["level"] == "tinggi"
    assert (tmp_path / "summary-2024-11-21.html").is_file()


def test_a_demo_that_cannot_write_says_so(tmp_path: Path) -> None:
    """Exit 1 and the path."""
    (tmp_path / "datei").write_text("")
    result = run("demo", "--out", str(tmp_path / "datei" / "out"))
    assert result.exit_code == 1
    assert "datei" in result.stderr


def test_train_writes_a_model_and_its_scores(tmp_path: Path) -> None:
    """The measures on stdout; a bad corpus names its line."""
    from tests.test_training import corpus

    (tmp_path / "korpus").mkdir()
    path = corpus(tmp_path / "korpus" / "c.jsonl")
    result = run("train", str(path.parent), "--out", str(tmp_path / "m"), "--format", "csv")
    assert result.exit_code == 0, result.output
    assert "f1.keamanan" in {row["measure"] for row in csv.DictReader(io.StringIO(result.stdout))}
    path.write_text("{}\n")
    result = run("train", str(path.parent), "--out", str(tmp_path / "n"))
    assert result.exit_code == 1
    assert "c.jsonl, line 1" in result.stderr
    assert not (tmp_path / "n").exists()


def test_output_can_be_cut_off(tmp_path: Path) -> None:
    """`pilkada tag … | head` ends without a traceback, though the reader leaves early."""
    data = tmp_path / "a.jsonl"
    data.write_text("\n".join([line()] * 300), encoding="utf-8")
    shell = f"{sys.executable} -m pilkada_nlp tag {data} --format jsonl | head -1 > /dev/null"
    result = subprocess.run(["bash", "-c", shell], capture_output=True, text=True, check=False)
    assert "Traceback" not in result.stderr


def test_ctrl_c_promises_nothing_where_nothing_is_kept() -> None:
    """Tagging that is stopped ends with status 130 and one word; only `daily` and `fetch` go on from there."""
    command = [sys.executable, "-m", "pilkada_nlp", "tag", "-", "--format", "jsonl"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdin
        assert process.stdout
        process.stdin.write(f"{line()}\n".encode() * 100)
        process.stdin.flush()
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        _, said = process.communicate()
    assert process.returncode == 130, said
    assert said == b"pilkada: stopped\n"


PAGE = Path(__file__).parent / "pages" / "detik" / "pasar-ikan.html"


def test_extract_prints_the_article_of_a_saved_page() -> None:
    """With the address that it came from, its outlet's selectors are used; as JSON or as lines for people."""
    address = "https://news.detik.com/berita/d-7650111/pasar-ikan-baru-di-tepi-sungai-mulai-ramai"
    result = run("extract", str(PAGE), "--url", address, "--format", "json")
    assert result.exit_code == 0, result.output
    shown = json.loads(result.stdout)
    assert (shown["outlet"], shown["editors"], shown["dateline"]) == ("detik", ["bds/aik"], "Samarinda")
    assert shown["body"] == "\n\n".join(shown["paragraphs"])
    assert "Bawaslu" not in shown["body"]
    lines = run("extract", "-", "--url", address, stdin=PAGE.read_bytes()).stdout
    assert lines.startswith(shown["title"])
    assert "published_at: 2024-11-21T02:12:00+00:00" in lines


def test_extract_invents_no_address_and_knows_what_is_no_page(tmp_path: Path) -> None:
    """A saved page has no address unless it is given; a PDF is none, a saved post of WordPress is one."""
    text = (
        "Bawaslu Kabupaten Paser memeriksa seorang camat yang diduga ikut kampanye pasangan calon bupati pekan lalu. "
        * 3
    )
    post = {
        "link": "https://a.id/b",
        "title": {"rendered": "Camat Diperiksa"},
        "content": {"rendered": f"<p>{text}</p>"},
    }
    saved, other = tmp_path / "a.json", tmp_path / "a.pdf"
    saved.write_text(json.dumps(post), encoding="utf-8")
    other.write_bytes(b"%PDF-1.7")
    shown = json.loads(run("extract", str(saved), "--format", "json").stdout)
    assert (shown["url"], shown["title"], shown["body"]) == (None, "Camat Diperiksa", text.strip())
    assert json.loads(run("extract", str(other), "--format", "json", "--explain").stdout)["refused"] == "wrong_type"
    wrong = run("extract", str(saved), "--url", "bukan alamat")
    assert wrong.exit_code == 2
    assert "bukan alamat" in wrong.stderr


def test_extract_explains_what_it_did() -> None:
    """The rule behind each field and every piece taken out, also for a refusal."""
    shown = json.loads(run("extract", str(PAGE), "--explain", "--format", "json").stdout)
    assert shown["rules"]["text"] == "usual place detail__body-text"
    assert any("Bawaslu Periksa" in piece["text"] and piece["rule"] for piece in shown["removed"])
    lines = run("extract", str(PAGE), "--explain").stdout
    assert "Removed:" in lines
    refused = run("extract", "-", "--format", "json", stdin="<h1>Judul</h1><p>pendek</p>")
    assert json.loads(refused.stdout)["refused"] == "too_short"
    assert "no article: too_short" in run("extract", "-", stdin="<p>pendek</p>").stdout


def test_extract_reads_a_web_address(tmp_path: Path, site: Site) -> None:
    """The page and its further pages are fetched; an address that cannot be had is one sentence and status 1."""
    body = "".join(f"<p>Paragraf {n} tentang rapat di kantor kecamatan pagi itu.</p>" for n in range(6))
    link = '<a href="?page=2">2</a>'
    address = site.page("/a", f'<h1>Rapat di Kantor Kecamatan</h1><div class="entry-content">{body}</div>{link}')
    config = tmp_path / "config.toml"
    outlets = tmp_path / "outlets.toml"
    config.write_text(f'contact = "uji@contoh.id"\nout = "x"\noutlets_file = "{outlets}"\n')
    row = (
        f'id = "uji"\nname = "Uji"\nhome = "{site.home}"\nfeeds = ["{site.home}/f"]\nallow_private = true\npace = 0.0\n'
    )
    outlets.write_text(f"[[outlets]]\n{row}")
    result = run("extract", address, "--config", str(config), "--format", "json")
    assert result.exit_code == 0, result.output
    shown = json.loads(result.stdout)
    assert (shown["outlet"], shown["complete"]) == ("uji", True)
    assert site.asked.count("/a?page=2") == 1
    missing = run("extract", site.home + "/tidak-ada", "--config", str(config))
    assert missing.exit_code == 1
    assert "cannot be fetched" in missing.output
    assert run("extract", address, "--url", address, "--config", str(config)).exit_code == 2


def test_a_calendar_of_ones_own_is_read_before_anything_is_fetched(tmp_path: Path) -> None:
    """The runs take the calendar that the configuration names; a wrong one is said with its file."""
    (tmp_path / "k.toml").write_text("[[elections]]\nid = 3\n")
    (tmp_path / "config.toml").write_text(
        f'contact = "a@b.id"\nout = "{tmp_path}/out"\noutlets = ["antara"]\ncalendar_file = "k.toml"\n'
    )
    for verb in ("daily", "poll"):
        options = ["--config", str(tmp_path / "config.toml"), "--archive", f"sqlite:///{tmp_path / 'a.db'}"]
        result = CliRunner().invoke(main, [verb, *options])
        assert result.exit_code == 2, result.output
        assert f"{tmp_path}/k.toml" in result.output


def typed(command: list[str], keys: str, folder: Path, **environment: str) -> str:
    """Return what a program shows in a terminal when `keys` are typed, up to its end."""
    master, slave = pty.openpty()
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    run = subprocess.Popen(
        command,
        stdin=slave,
        stdout=slave,
        stderr=slave,
        cwd=folder,
        env={**os.environ, "TERM": "xterm-256color", "PATH": path, **environment},
        start_new_session=True,
    )
    os.close(slave)
    os.write(master, keys.encode())
    shown = b""
    while True:
        try:
            part = os.read(master, 65536)
        except OSError:  # what Linux says when the other side is closed
            part = b""
        if not part:
            break
        shown += part
    os.close(master)
    run.wait()
    return shown.decode()


def test_a_real_bash_completes_verbs_and_options(tmp_path: Path) -> None:
    """After the printed script is evaluated, the tab key completes `wat` and then an option."""
    keys = 'eval "$(pilkada completion bash)"\npilkada wat\t--hel\t > completed.txt\nexit\n'
    shown = typed(["bash", "--norc", "--noprofile", "-i"], keys, tmp_path)
    assert "Show the watchlist of a day" in (tmp_path / "completed.txt").read_text(encoding="utf-8"), shown


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_gets_its_script(shell: str) -> None:
    """The scripts are click's own, for the name of the command."""
    result = run("completion", shell)
    assert result.exit_code == 0
    assert f"_PILKADA_COMPLETE={shell}_complete" in result.output


def test_colours_respect_no_color(tmp_path: Path) -> None:
    """A terminal gets no colours with NO_COLOR, and a pipe gets no escape codes at all."""
    (tmp_path / "a.jsonl").write_text(line(), encoding="utf-8")
    for command in (["tag", "a.jsonl"], ["tag", "a.jsonl", "--explain"], ["outlets", "list"], ["--help"], ["apa"]):
        shown = typed(["pilkada", *command], "", tmp_path, NO_COLOR="1")
        assert not re.search(r"\x1b\[[\d;]*(3[0-8]|4[0-8]|9[0-7]|10[0-7])[\d;]*m", shown), command
        piped = subprocess.run([sys.executable, "-m", "pilkada_nlp", *command], cwd=tmp_path, capture_output=True)
        assert piped.stdout + piped.stderr
        assert b"\x1b" not in piped.stdout + piped.stderr, command
