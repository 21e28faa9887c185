"""Versions of the model: made whole, promoted through gates, rolled back, and never broken by a kill."""

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import msgspec
import pytest

from pilkada_nlp.classifiers import load_tagger
from pilkada_nlp.classifiers.champion import POINTER, read_champion, serving_model, shipped_model
from pilkada_nlp.corpora import LabelledArticle, Labels, read_corpus
from pilkada_nlp.errors import InputError, ModelError, OutputError
from pilkada_nlp.labelling import Labelling, write_labels
from pilkada_nlp.training import train_version
from pilkada_nlp.versions import LABELS, Gates, Versions, load_gates
from tests.conftest import Site, article_of
from tests.test_training import WORDS, corpus

GATES = Gates(
    sure=0.8,
    seed=0,
    tolerance={"keamanan": 0.02, "themes": 0.02, "relevance": 0.02, "calibration.themes": 0.05},
    labels={"relevant": 0.8},
)


def rows(folder: Path, count: int = 160) -> list[LabelledArticle]:
    """Return a small corpus, of which a quarter is held back for judging."""
    read = read_corpus([corpus(folder / "c.jsonl", count)])
    return [msgspec.structs.replace(row, split="test" if int(row.id) % 8 < 2 else "train") for row in read]


def own_labels(count: int = 60, false: float = 0.0) -> list[Labelling]:
    """Return labels of further articles of three outlets, of which a share is turned round."""
    chance = random.Random(5)
    filler = "kabar siang ini kantor jalan tamu acara hadir warga tokoh ramai sepi cuaca panas hujan".split()
    turned = set(chance.sample(range(count), round(false * count)))
    made = []
    for number in range(count):
        theme = list(WORDS)[number % 4]
        text = " ".join(chance.sample(WORDS[theme].split() * 2 + filler, 18))
        related = bool(theme) != (number in turned)
        labels = Labels(rel=related, mod="dugaan", pokok=(theme or "keamanan",)) if related else Labels(rel=False)
        row = LabelledArticle(id=f"own{number}", title=text[:30], text=text, date=article_of("x").day, labels=labels)
        made.append(Labelling(article=row, outlet=f"media-{number % 7}"))
    return made


def pilkada(*args: str, home: Path | None = None) -> subprocess.Popen[str]:
    """Start the command itself, with another folder of data where `home` is given."""
    command = [sys.executable, "-m", "pilkada_nlp", *args]
    env = {**os.environ, "XDG_DATA_HOME": str(home)} if home else None
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env)


@pytest.fixture
def versions(tmp_path: Path) -> Versions:
    """An empty folder of versions."""
    return Versions(tmp_path / "models")


def test_a_version_serves_once_it_is_promoted_and_until_it_is_rolled_back(versions: Versions, tmp_path: Path) -> None:
    """The shipped model serves when nothing was promoted; a loaded tagger stays what it is while others take over."""
    learned = rows(tmp_path)
    first = train_version(versions, learned, []).manifest
    assert serving_model(versions.folder) == shipped_model()
    # Against the shipped model, which knows fourteen themes and the press, a toy of three is worse at most things.
    easy = msgspec.structs.replace(GATES, tolerance=dict.fromkeys(GATES.tolerance, 1.0))
    assert not versions.promote(first.name, gates=easy).refusals
    running = load_tagger(serving_model(versions.folder))
    second = train_version(versions, learned, own_labels()).manifest
    verdict = versions.promote(second.name, gates=GATES)
    assert not verdict.refusals, verdict
    assert running.tag([article_of(learned[0].text)])[0].model == first.name
    assert load_tagger(serving_model(versions.folder)).name == second.name
    listed = {version.name: version for version in versions.all()}
    assert [listed[name].serving for name in (first.name, second.name)] == [False, True]
    assert listed[second.name].own_articles == 60
    assert "themes" in listed[second.name].figures
    assert versions.rollback() == first.name
    assert versions.rollback() is None
    assert serving_model(versions.folder) == shipped_model()
    with pytest.raises(InputError, match="nothing was in service before"):
        versions.rollback()


def test_three_false_labels_in_ten_are_stopped(versions: Versions, tmp_path: Path) -> None:
    """Careful labels pass the gates; with 30 % turned round the version is refused and the model before serves on."""
    learned = rows(tmp_path)
    easy = msgspec.structs.replace(GATES, tolerance=dict.fromkeys(GATES.tolerance, 1.0))
    good = train_version(versions, learned, own_labels()).manifest
    assert not versions.promote(good.name, gates=easy).refusals
    bad = train_version(versions, learned, own_labels(false=0.3))
    verdict = versions.promote(bad.manifest.name, gates=GATES)
    assert LABELS in {refusal.gate for refusal in verdict.refusals}
    assert serving_model(versions.folder).name == good.name
    # The labels that were turned round head the list of doubts.
    truth = {one.article.id: bool(one.article.labels.rel) for one in own_labels()}
    false = {one.article.id for one in own_labels(false=0.3) if bool(one.article.labels.rel) != truth[one.article.id]}
    doubted = [doubt.article for doubt in bad.doubts if doubt.field == "relevant"]
    assert len(set(doubted[:10]) & false) >= 9


def test_a_regression_may_be_allowed_in_words_that_the_card_keeps(versions: Versions, tmp_path: Path) -> None:
    """A gate that is named with a reason does not stop a version; card and pointer say so, and others still count."""
    learned = rows(tmp_path)
    name = train_version(versions, learned, own_labels(false=0.3)).manifest.name
    gates = msgspec.structs.replace(GATES, tolerance={"keamanan": 1.0, "themes": 1.0})
    assert [refusal.gate for refusal in versions.promote(name, gates=gates).refusals] == [LABELS]
    with pytest.raises(InputError, match="no such gate"):
        versions.promote(name, gates=gates, allow={"cuaca": "hujan"})
    verdict = versions.promote(name, gates=gates, allow={LABELS: "pedoman baru sejak Senin"})
    assert not verdict.refusals
    assert "pedoman baru sejak Senin" in (versions.path(name) / "card.md").read_text(encoding="utf-8")
    assert "pedoman baru sejak Senin" in read_champion(versions.folder).allowed[name][0]


def test_nothing_that_judges_is_learned_from(versions: Versions, tmp_path: Path) -> None:
    """Frozen articles stay those of the first training, and an own label of one of them teaches nothing."""
    learned = rows(tmp_path)
    plain = train_version(versions, learned, []).manifest
    frozen = versions.frozen()
    again = [msgspec.structs.replace(frozen[0], article=msgspec.structs.replace(frozen[0].article, split="train"))]
    assert train_version(versions, learned, again).manifest.files == plain.files
    assert versions.frozen(own_labels()) == frozen


def test_the_same_training_makes_no_second_version(versions: Versions, tmp_path: Path) -> None:
    """The same labels in another order are the same version; another model of that name is never overwritten."""
    learned = rows(tmp_path)
    name = train_version(versions, learned, own_labels()).manifest.name
    before = (versions.path(name) / "weights.npz").read_bytes()
    assert train_version(versions, learned, own_labels()[::-1]).manifest.name == name
    assert [version.name for version in versions.all()][1:] == [name]
    manifest = versions.path(name) / "manifest.json"
    changed = json.loads(manifest.read_text())
    (versions.path(name) / "vocabulary.json").write_bytes((versions.path(name) / "vocabulary.json").read_bytes() + b" ")
    import hashlib

    changed["files"]["vocabulary.json"] = hashlib.sha256(
        (versions.path(name) / "vocabulary.json").read_bytes()
    ).hexdigest()
    manifest.write_text(json.dumps(changed))
    with pytest.raises(OutputError, match="another model of that name"):
        train_version(versions, learned, own_labels())
    assert (versions.path(name) / "weights.npz").read_bytes() == before


def test_a_broken_version_is_told_and_never_promoted(versions: Versions, tmp_path: Path) -> None:
    """A changed file shows in the list, and promotion refuses it; so does a pointer that leads nowhere."""
    name = train_version(versions, rows(tmp_path), []).manifest.name
    (versions.path(name) / "weights.npz").write_bytes(b"rusak")
    assert "was changed" in str([version.problem for version in versions.all()])
    with pytest.raises(ModelError, match="was changed"):
        versions.promote(name)
    with pytest.raises(InputError, match="no such version"):
        versions.promote("../models")
    (versions.folder / POINTER).write_text('{"serving": "hilang"}')
    with pytest.raises(ModelError, match="pilkada rollback"):
        serving_model(versions.folder)
    (versions.folder / POINTER).write_text("{")
    with pytest.raises(ModelError, match="cannot be read"):
        serving_model(versions.folder)


def test_killing_training_leaves_nothing_broken(versions: Versions, tmp_path: Path) -> None:
    """After kill -9 in the middle the versions are as they were, and the next training clears up and succeeds."""
    folder = tmp_path / "korpus"
    folder.mkdir()
    learned = rows(folder)
    (folder / "c.jsonl").write_bytes(b"".join(msgspec.json.encode(row) + b"\n" for row in learned))
    name = train_version(versions, learned, []).manifest.name
    versions.promote(name, gates=msgspec.structs.replace(GATES, tolerance={}, labels={}))
    write_labels(own_labels(), tmp_path / "own.jsonl")
    command = ["train", str(folder), str(tmp_path / "own.jsonl"), "--models", str(versions.folder)]
    with pilkada(*command) as process:
        while not list(versions.folder.glob(".new-*")):  # it has begun
            assert process.poll() is None, process.communicate()
        process.send_signal(signal.SIGKILL)
    assert list(versions.folder.glob(".new-*"))
    assert [version.name for version in versions.all()][1:] == [name]
    assert load_tagger(serving_model(versions.folder)).name == name
    with pilkada(*command) as process:
        _, errors = process.communicate()
    assert process.returncode == 0, errors
    assert not list(versions.folder.glob(".new-*"))
    assert len(versions.all()) == 3


def test_killing_a_promotion_leaves_the_old_or_the_new_model_in_service(versions: Versions, tmp_path: Path) -> None:
    """Whenever kill -9 strikes, the pointer names a whole model, and a promotion afterwards succeeds."""
    learned = rows(tmp_path)
    first = train_version(versions, learned, []).manifest.name
    second = train_version(versions, learned, own_labels()).manifest.name
    easy = msgspec.structs.replace(GATES, tolerance={}, labels={})
    versions.promote(first, gates=easy)
    command = ["promote", second, "--models", str(versions.folder)]
    for seconds in (0.3, 0.9, 1.5):
        with pilkada(*command) as process:
            try:
                process.wait(timeout=seconds)
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
        assert load_tagger(serving_model(versions.folder)).name in (first, second)
    assert not versions.promote(second, gates=easy).refusals
    assert serving_model(versions.folder).name == second


def test_a_run_ends_with_the_model_that_it_began_with(tmp_path: Path, site: Site) -> None:
    """A version that is promoted while `pilkada daily` waits for an outlet serves from the next run on."""
    versions = Versions(tmp_path / "pilkada" / "models")
    name = train_version(versions, rows(tmp_path), []).manifest.name
    item = f"<item><title>Kabar</title><link>{site.home}/kabar</link></item>"
    asked, promoted = threading.Event(), threading.Event()

    def feed(handler: BaseHTTPRequestHandler) -> None:
        asked.set()
        promoted.wait(60)
        answer(handler)

    text = "<p>" + "</p><p>".join(f"{words} pada pagi itu menurut warga kota." * 3 for words in WORDS.values()) + "</p>"
    site.page(
        "/kabar", f'<html lang="id"><title>Kabar</title><body><article><h1>Kabar</h1>{text}</article></body></html>'
    )
    site.page("/feed", f'<rss version="2.0"><channel>{item}</channel></rss>', "application/rss+xml")
    answer, site.routes["/feed"] = site.routes["/feed"], feed
    (tmp_path / "c.toml").write_text(f'contact = "uji@contoh.id"\nout = "{tmp_path / "out"}"\noutlets = ["uji"]\n')
    (tmp_path / "o.toml").write_text(
        f'[[outlets]]\nid = "uji"\nname = "Uji"\nhome = "{site.home}"\nfeeds = ["{site.home}/feed"]\n'
        "pace = 0.0\nallow_private = true\n"
    )
    command = ["daily", "--config", str(tmp_path / "c.toml"), "--outlets", str(tmp_path / "o.toml"), "--format", "json"]
    models = []
    with pilkada(*command, home=tmp_path) as first:
        assert asked.wait(60), first.poll()
        versions.promote(name, gates=msgspec.structs.replace(GATES, tolerance={}, labels={}))
        promoted.set()
        models.append(json.loads(first.communicate()[0]))
    with pilkada(*command, home=tmp_path) as second:
        models.append(json.loads(second.communicate()[0]))
    assert [(summary["model"], summary["articles"]) for summary in models] == [(load_tagger().name, 1), (name, 1)]
    with sqlite3.connect(tmp_path / "pilkada" / "archive.db") as archive:
        assert archive.execute("SELECT DISTINCT model FROM tags ORDER BY rowid").fetchall() == [
            (load_tagger().name,),
            (name,),
        ]


def test_two_trainings_do_not_disturb_each_other(versions: Versions) -> None:
    """While one is at work another is told to come later."""
    with versions.fresh(), pytest.raises(OutputError, match="another training"), versions.fresh():
        pass


def test_the_commands_tell_and_decide(versions: Versions, tmp_path: Path) -> None:
    """`models` lists what serves, `promote` refuses with status 1 and a reason, `evaluate` writes a report."""
    learned = rows(tmp_path)
    name = train_version(versions, learned, own_labels(false=0.3)).manifest.name
    place = ["--models", str(versions.folder)]
    with pilkada("promote", name, *place) as process:
        shown, errors = process.communicate()
    assert process.returncode == 1
    head, *figures = [line.split() for line in shown.splitlines() if len(line.split()) > 3]
    assert head[:3] == ["figure", "before", "now"]
    for _, before, now, change, *_ in figures:
        assert float(change) == pytest.approx(float(now) - float(before), abs=1e-9)
    assert "refused: models that had not learned from the own labels agree" in errors
    with pilkada("models", *place, "--format", "json") as process:
        listed = json.loads(process.communicate()[0])
    assert [(row["version"], row["serves"]) for row in listed][1:] == [(name, "")]
    assert listed[0]["serves"] == "yes"
    write_labels(own_labels(), tmp_path / "own.jsonl")
    with pilkada("evaluate", name, str(tmp_path / "own.jsonl"), *place, "--format", "html") as process:
        page = process.communicate()[0]
    assert f"<h1>Evaluation of {name}</h1>" in page


def test_serving_takes_the_version_in_service(versions: Versions, tmp_path: Path) -> None:
    """`pilkada tag` uses it without being told, or by its name, in a process that loads no training code."""
    name = train_version(versions, rows(tmp_path), []).manifest.name
    versions.promote(name, gates=msgspec.structs.replace(GATES, tolerance={}, labels={}))
    home = tmp_path / "data"
    (home / "pilkada").mkdir(parents=True)
    versions.folder.rename(home / "pilkada" / "models")
    code = (
        "import sys; from pilkada_nlp import load_tagger; print(load_tagger().name);"
        "print([name for name in ('sklearn', 'pilkada_nlp.training', 'pilkada_nlp.versions') if name in sys.modules])"
    )
    environment = {**os.environ, "XDG_DATA_HOME": str(home)}
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    assert run.stdout.split("\n")[:2] == [name, "[]"]
    with pilkada("tag", str(Path(__file__)), "--model", name, home=home) as process:
        _, errors = process.communicate()
    assert process.returncode == 0, errors


def test_the_gates_that_come_with_the_package_are_read(tmp_path: Path) -> None:
    """They name the three core themes, signals and calibration; a broken table is named."""
    gates = load_gates()
    assert {"netralitas_asn", "petahana", "keamanan", "signal", "calibration.themes"} <= set(gates.tolerance)
    (tmp_path / "g.toml").write_text("sure = 'ya'")
    with pytest.raises(InputError, match=r"g\.toml.*no table of gates"):
        load_gates(tmp_path / "g.toml")
