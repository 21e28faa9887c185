"""`pilkada label` and labels of the archive: keys in a real terminal and in a pipe, hostile texts, files, training."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from pilkada_nlp.archive import Archive, Judged
from pilkada_nlp.article import MODALITIES, Article, Evidence, Tagging, ThemeTag
from pilkada_nlp.classifiers import Tagger
from pilkada_nlp.cli import main
from pilkada_nlp.corpora import GUIDELINE, Labels, label_problems
from pilkada_nlp.daily import join_stories, tag_articles, take_labels
from pilkada_nlp.labelling import Labelling, read_labels
from pilkada_nlp.labelling.drafting import what_is_missing, with_modality, with_theme, without_election
from tests.conftest import NOW, article_of, page_of
from tests.messages import templates
from tests.test_daily import DAY, REPORT, RIOT
from tests.test_labels import THEMES, labellings
from tests.test_labels_held import said
from tests.test_stories import tagging_of
from tests.test_training import corpus

PROMPT = "more keys > "


@pytest.fixture
def url(tmp_path: Path, tagger: Tagger) -> str:
    """The address of an archive with two articles that a run has tagged, and their watchlist."""
    with closing(Archive(f"sqlite:///{tmp_path / 'a.db'}")) as archive:
        for key, (title, text) in {"rusuh": RIOT, "lapor": REPORT}.items():
            add(archive, article_of(text, title, id=key, url=f"https://a.id/{key}"))
        archive.start_run(f"daily {DAY}", DAY, NOW)
        archive.finish_run(f"daily {DAY}", NOW, [])
        tag_articles(archive, tagger, DAY)
        join_stories(archive)
        take_labels([], archive, [], NOW)
        return archive.url


def add(archive: Archive, article: Article, tagging: Tagging | None = None) -> None:
    """Store an article as if it had been read, and tagged."""
    page = page_of("isi", article.url)
    archive.add_pages([page])
    archive.add_extracted(page, article, DAY)
    if tagging:
        archive.add_judged([Judged(tagging, DAY, None)])


def run(url: str, *args: str, typed: str = "") -> Result:
    """Run a command on the archive with what is typed, one key a line."""
    return CliRunner().invoke(main, [*args, "--archive", url], input=typed, env={"XDG_CONFIG_HOME": "/nonexistent"})


def stored(url: str) -> list[Labelling]:
    """Return the labels of an archive."""
    with closing(Archive(url)) as archive:
        return archive.labels()


# One step at a time

STEPS = st.one_of(
    st.just(("n", None)),
    st.tuples(st.just("m"), st.sampled_from(MODALITIES)),
    st.tuples(st.sampled_from(["pokok", "sebutan", ""]), st.sampled_from(THEMES)),
)


@given(labelling=labellings(), steps=st.lists(STEPS, max_size=6))
def test_what_hangs_together_changes_together(labelling: Labelling, steps: list[tuple[Any, Any]]) -> None:
    """Whatever is pressed in whatever order, no theme stands twice, and "no election" leaves nothing behind."""
    article = article_of(RIOT[1], RIOT[0])
    labels = labelling.article.labels
    for step, value in steps:
        if step == "n":
            labels = without_election(labels)
            assert list(label_problems(labels)) == []
        elif step == "m":
            labels = with_modality(labels, article, value)
            assert (labels.rel, labels.mod, labels.election is None) == (True, value, False)
            assert "severity" not in [rule for rule, _ in label_problems(labels)]
        else:
            labels = with_theme(labels, article, value, step or None)
            assert [value in labels.pokok, value in labels.sebutan] == [step == "pokok", step == "sebutan"]
        assert not set(labels.pokok) & set(labels.sebutan)


def test_a_modality_that_was_not_said_is_asked_for() -> None:
    """A theme alone makes an article one about an election, and then its modality is wanted."""
    article = article_of(RIOT[1], RIOT[0])
    labels = with_theme(Labels(rel=False), article, "keamanan", "pokok")
    assert (labels.rel, labels.election) == (True, "pilkada")
    assert what_is_missing(labels) == [("modality", "say what kind of statement it makes")]
    assert what_is_missing(with_modality(labels, article, "kejadian")) == []


# In a pipe


def test_keys_correct_the_guess_and_the_watchlist_follows(url: str) -> None:
    """Modality, themes, regions, severity and source change by keys; the label says who and by which guideline."""
    typed = "m\nd\nt\n4s -3 1p\nr\nBerau, Kota Bontang\ns\n1\no\n2\n\n"
    done = run(url, "label", "rusuh", "--by", "Sari", typed=typed)
    assert done.exit_code == 0, done.output
    (label,) = stored(url)
    labels = label.article.labels
    assert (labels.rel, labels.mod, labels.sev, labels.kind) == (True, "dugaan", 1, "adv")
    assert labels.regions == ("64.03", "64.74")
    assert "netralitas_asn" in labels.pokok
    assert "keamanan" not in (*labels.pokok, *labels.sebutan)
    assert (label.by, label.guideline, label.evidence) == ("Sari", GUIDELINE, ())
    assert label.at is not None
    assert "64.08/keamanan" in done.stdout
    assert "not listed" in done.stdout
    with closing(Archive(url)) as archive:
        assert "64.03/netralitas_asn" in {entry.id for entry in archive.entries(DAY)}


def test_what_is_chosen_comes_and_can_be_gone_back_to(url: str) -> None:
    """Each article comes once; "b" leads to the one before with what was said, and the second word is a newer row."""
    done = run(url, "label", "--by", "Sari", typed="\nb\nn\nk\n")
    assert done.exit_code == 0, done.output
    first, second = stored(url)
    assert first.article.id == second.article.id
    assert (first.article.labels.rel, second.article.labels.rel) == (True, False)
    assert "Label by Sari, " in done.stdout
    assert "1 of 2" in done.stdout
    assert "2 of 2" in done.stdout


@pytest.mark.parametrize("typed", ["", "q\n", "k\nk\n", "x\n\x1b[A\nyy\n?\nb\nq\n", "m\nz\nr\nAtlantis\nt\n99p\nq\n"])
def test_nothing_is_stored_by_chance(url: str, typed: str) -> None:
    """The end of the input, unknown keys and slips of the hand leave no label."""
    done = run(url, "label", "--by", "Sari", typed=typed)
    assert done.exit_code == 0, done.output
    assert stored(url) == []


def test_a_wrong_configuration_is_said_before_the_work(url: str, tmp_path: Path) -> None:
    """Nobody labels ten articles to hear then that the watchlist cannot follow."""
    for command in (["label", "rusuh", "--by", "Sari"], ["labels", "import", __file__]):
        done = run(url, *command, "--config", str(tmp_path / "tidak-ada.toml"), typed="\n")
        assert (done.exit_code, done.stdout) == (2, "")
        assert "There is no configuration" in done.stderr


def test_labels_against_the_guideline_are_not_stored(url: str) -> None:
    """What breaks a rule is said before anything is stored."""
    done = run(url, "label", "rusuh", "--by", "Sari", typed="m\ni\ns\n4\n\nq\n")
    assert "not yet: Severity: 4 for imbauan, at most 0" in done.stdout
    assert stored(url) == []


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("tidak-ada", "tidak-ada: is not in the archive"),
        ("https://a.id/lain", "is not in the archive"),
        ("://", "is no address of an article"),
        ("baru", "waits to be tagged"),
    ],
)
def test_an_article_that_cannot_be_labelled_is_named(url: str, given: str, message: str) -> None:
    """Unknown ids and addresses, and articles that no run has tagged, are refused in a sentence."""
    with closing(Archive(url)) as archive:
        add(archive, article_of("isi", id="baru", url="https://a.id/baru"))
    done = run(url, "label", given, "--by", "Sari")
    assert done.exit_code == 1
    assert message in done.stderr


def test_a_hostile_article_steers_no_terminal(url: str) -> None:
    """Escape sequences, reversed writing and two megabytes of text are shown as harmless, short text."""
    evil = "\x1b]0;judul\x07\x1b[2J\x9b31m‮Gudang\x00 " + "terbakar " * 200_000
    article = article_of(evil, evil, id="jahat", url="https://a.id/jahat", outlet="\x1b[1mluar")
    mark = Evidence(start=0, end=len(evil), text=evil)
    tag = ThemeTag(theme="keamanan", strength="pokok", score=0.9, threshold=0.5, evidence=(mark,))
    with closing(Archive(url)) as archive:
        add(archive, article, tagging_of(article, themes=(tag,), thresholds={"relevant": 0.5}))
    done = run(url, "label", "jahat", "--by", "Sari", typed="a\n\n")
    assert done.exit_code == 0, done.output
    assert len(done.stdout) < 60_000
    assert not set(done.stdout) & set("\x1b\x07\x9b\x00‮")
    assert "�[2J" in done.stdout
    assert not set(run(url, "label", "next", "9").stdout) & set("\x1b\x07\x9b\x00‮")
    assert stored(url)[0].article.text == evil


def test_the_last_one_can_be_gone_back_to(url: str) -> None:
    """A slip on the last article can be mended, and a label that is confirmed unchanged is stored once."""
    done = run(url, "label", "rusuh", "lapor", "--by", "Sari", typed="k\nn\nb\n\n\n")
    assert done.exit_code == 0, done.output
    assert "Label by Sari, " in done.stdout
    assert "stored before, and unchanged" in done.stdout
    assert [label.article.id for label in stored(url)] == ["lapor"]
    run(url, "label", "lapor", "--by", "Budi", typed="\n")
    assert [label.by for label in stored(url)] == ["Sari", "Budi"]


def test_an_ambiguous_region_is_asked_again(url: str) -> None:
    """The question comes back with the codes in question, and Enter leaves it."""
    done = run(url, "label", "rusuh", "--by", "Sari", typed="r\nBekasi\n32.75, berau\n\n")
    assert "32.16 Kabupaten Bekasi, 32.75 Kota Bekasi" in " ".join(done.stdout.split())
    assert stored(url)[0].article.labels.regions == ("32.75", "64.03")


def test_reasons_are_words_for_people_and_ids_for_programs(url: str) -> None:
    """The table says why in the language of messages; JSON and the label itself keep the names of the reasons."""
    rows = msgspec.json.decode(run(url, "label", "next", "2", "--format", "json").stdout)
    reasons = {reason.partition(":")[0] for row in rows for reason in row["why"].split(", ")}
    assert reasons <= {"margin", "review", "rare", "diverse"}
    words = {"margin": "model ragu", "review": "perlu diperiksa", "rare": "tema jarang: ", "diverse": "berbeda dari"}
    environment = {"PILKADA_LANG": "id", "COLUMNS": "160"}
    shown = CliRunner().invoke(main, ["label", "next", "2", "--archive", url], env=environment).stdout
    assert [words[reason] in shown for reason in sorted(reasons)] == [True] * len(reasons)
    assert "margin" not in shown


# In a terminal


class Terminal:
    """A `pilkada label` in a pseudo-terminal of its own."""

    def __init__(self, url: str, *args: str, columns: int = 80, **environment: str) -> None:
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
        self.process = subprocess.Popen(
            [sys.executable, "-m", "pilkada_nlp", "label", "--archive", url, "--by", "Sari", *args],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # so that Ctrl-C is a signal
            env={**os.environ, "XDG_CONFIG_HOME": "/nonexistent", "TERM": "xterm", **environment},
        )
        os.close(slave)
        self.shown = ""

    def until(self, text: str) -> None:
        """Read until a text is shown that was not shown before."""
        found = ""
        while text not in found:
            ready, _, _ = select.select([self._master], [], [], 60)
            assert ready, f"no {text!r} in {found!r}"
            found += os.read(self._master, 4096).decode("utf-8", "replace")
        self.shown += found

    def type(self, keys: str) -> None:
        """Press keys."""
        os.write(self._master, keys.encode())

    def hang_up(self) -> int:
        """Close the window and return the exit status."""
        os.close(self._master)
        return self.process.wait(60)

    def close(self) -> int:
        """Wait for the end and return the exit status."""
        try:
            while os.read(self._master, 4096):
                pass
        except OSError:
            pass  # the other side is gone
        os.close(self._master)
        return self.process.wait(60)


def test_single_keys_in_a_real_terminal(url: str) -> None:
    """One key is one answer, an arrow is none, Ctrl-C stops, and what was labelled until then holds at once."""
    terminal = Terminal(url, "rusuh", "lapor")
    terminal.until(PROMPT)
    terminal.type("\x1b[A")
    terminal.until(PROMPT)
    terminal.type("r")
    terminal.until("keep):\r\n  > ")
    terminal.type("Berau\r")
    terminal.until(PROMPT)
    terminal.type("\r")
    terminal.until(PROMPT)
    terminal.type("\x03")
    terminal.until("entries moved")
    terminal.until("stopped")
    assert terminal.close() == 130
    (label,) = stored(url)
    assert label.article.labels.regions == ("64.03",)
    with closing(Archive(url)) as archive:
        assert list(archive.relabelled()) == []


def test_a_killed_terminal_loses_no_label(url: str) -> None:
    """What was stored before the process died is there, and the next labels or the next run apply it."""
    terminal = Terminal(url, "rusuh", "lapor")
    terminal.until(PROMPT)
    terminal.type("n")
    terminal.until(PROMPT)
    os.kill(terminal.process.pid, signal.SIGKILL)
    terminal.close()
    (label,) = stored(url)
    with closing(Archive(url)) as archive:
        assert [article.id for article, _ in next(archive.relabelled())] == [label.article.id]
        taken = take_labels([], archive, [], NOW)
        assert list(archive.relabelled()) == []
        assert taken.changes


@pytest.mark.parametrize("columns", [50, 80])
def test_the_screen_speaks_indonesian_and_fits(url: str, columns: int) -> None:
    """With PILKADA_LANG=id nothing of the screen is English or an id, and no line is wider than the terminal."""
    terminal = Terminal(url, "rusuh", columns=columns, PILKADA_LANG="id", NO_COLOR="1")
    ask, choose = "tombol lain > ", "  > "
    terminal.until(ask)
    corrections = [("?", ask), ("a", ask), ("b", ask), ("t", choose), ("99p\r", ask), ("o", choose), ("1", ask)]
    corrections += [("m", choose), ("p", choose), ("x", ask), ("m", choose), ("o", ask), ("s", choose), ("4", ask)]
    corrections += [("\r", ask), ("r", choose), ("Bekasi\r", choose), ("-\r", ask), ("n", "entri berubah")]
    for keys, shown in corrections:
        terminal.type(keys)
        terminal.until(shown)
    assert terminal.close() == 0
    screen = re.sub(r"\x1b\[\?2004[hl]", "", terminal.shown)
    english = {text for text, where in templates().items() if where.startswith("cli/terminal.py")}
    pieces = {piece.strip() for text in english for piece in re.split(r"\{\w+\}|\n", text)} - {"m t r s o"}
    assert [piece for piece in pieces if len(piece) > 5 and piece in screen] == []
    assert "belum dapat disimpan: Keparahan: 4 untuk potensi" in " ".join(screen.split())
    assert "Jenis pernyataan" in screen
    assert "Netralitas ASN" in screen
    assert "netralitas_asn" not in screen
    assert [line for line in screen.splitlines() if len(line) > columns] == []


def test_keys_that_were_not_meant_for_an_article_store_nothing(url: str) -> None:
    """Enter held down labels the article that is shown, a paste none, and what follows a pasted line is no answer."""
    terminal = Terminal(url, "rusuh", "lapor")
    terminal.until(PROMPT)
    terminal.type("\x1b[200~n\rn\r" + "kata " * 900 + "\x1b[201~")
    terminal.until(PROMPT)
    terminal.type("rBerau\rn\rn\r")
    terminal.until(PROMPT)
    assert stored(url) == []
    terminal.type("\r\r\rn")
    terminal.until(PROMPT)
    terminal.type("q")
    terminal.until("Labels stored: 1")
    assert terminal.close() == 0
    (label,) = stored(url)
    assert (label.article.id, label.article.labels.regions) == ("rusuh", ("64.03",))


def test_a_closed_window_loses_no_label(url: str) -> None:
    """What was stored before the window was closed is there; the half of an answer is not."""
    terminal = Terminal(url, "rusuh", "lapor")
    terminal.until(PROMPT)
    terminal.type("n")
    terminal.until(PROMPT)
    terminal.type("r")
    terminal.until("keep):\r\n  > ")
    terminal.type("Ber")
    assert terminal.hang_up() == -signal.SIGHUP
    assert [(label.article.id, label.article.labels.rel) for label in stored(url)] == [("rusuh", False)]


# Files and training


def test_rows_to_fill_in_come_back_as_labels(url: str, tmp_path: Path) -> None:
    """A spreadsheet of what is worth labelling counts where somebody's name stands, once, and can be written again."""
    sheet, out = tmp_path / "tugas.csv", tmp_path / "semua.jsonl"
    assert run(url, "label", "next", "5", "--out", str(sheet)).exit_code == 0
    unread = run(url, "labels", "import", str(sheet))
    assert "2 left out, since they name nobody" in unread.stderr
    assert stored(url) == []
    for new in (2, 0):
        done = run(url, "labels", "import", str(sheet), "--by", "Budi")
        assert f"Labels stored: {new};" in done.stderr
    assert run(url, "labels", "export", str(out)).exit_code == 0
    assert read_labels(out).labellings == stored(url)
    assert {one.by for one in stored(url)} == {"Budi"}
    assert "Labels stored: 0;" in run(url, "labels", "import", str(out)).stderr
    assert run(url, "labels", "export", str(out), "--since", "2098-01-01").stderr.startswith("Wrote 0 labellings")
    assert "Nothing to label" in run(url, "label", "next", "5").stderr


def test_tasks_for_label_studio_begin_with_the_guess(url: str, tmp_path: Path) -> None:
    """The JSON of what is worth labelling holds a prediction for each article, and no label yet."""
    tasks = tmp_path / "tugas.json"
    run(url, "label", "next", "5", "--out", str(tasks))
    found = msgspec.json.decode(tasks.read_bytes())
    assert {task["data"]["id"] for task in found} == {"rusuh", "lapor"}
    assert all(task["predictions"][0]["result"] for task in found)
    assert read_labels(tasks).labellings == []


def test_a_file_with_an_article_from_elsewhere_is_refused_whole(url: str, tmp_path: Path) -> None:
    """The message names the article, and nothing of the file is stored."""
    path = tmp_path / "label.jsonl"
    with closing(Archive(url)) as archive:
        known = archive.article("rusuh")
    assert known
    rows = [said(known), said(msgspec.structs.replace(known, id="asing"))]
    path.write_bytes(b"\n".join(map(msgspec.json.encode, rows)))
    done = run(url, "labels", "import", str(path))
    assert done.exit_code == 1
    assert "article asing: is not in the archive" in done.stderr
    assert stored(url) == []


def test_training_takes_the_labels_of_the_archive(url: str, tmp_path: Path) -> None:
    """On Friday one command teaches what was corrected during the week."""
    with closing(Archive(url)) as archive:
        article = archive.article("rusuh")
        assert article
        archive.add_labels([said(article)], NOW)
    folder = tmp_path / "berita"
    folder.mkdir()
    corpus(folder / "a.jsonl")
    done = run(url, "train", str(folder), "--from-archive", "--out", str(tmp_path / "model"))
    assert done.exit_code == 0, done.output
    manifest = msgspec.json.decode((tmp_path / "model" / "manifest.json").read_bytes())
    assert manifest["own_articles"] == 1
    assert "give both" in run(url, "train", str(folder), "--out", str(tmp_path / "model")).stderr
