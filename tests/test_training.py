"""Training: the same bytes from the same corpus, served numbers equal to scikit-learn's, errors with a line."""

import json
import random
from pathlib import Path

import msgspec
import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from pilkada_nlp.classifiers import load_tagger
from pilkada_nlp.classifiers.champion import shipped_model
from pilkada_nlp.classifiers.document import DocumentReader
from pilkada_nlp.classifiers.model import load_model
from pilkada_nlp.classifiers.taxonomy import taxonomy_text
from pilkada_nlp.corpora import LabelledArticle, Labels, read_corpus, read_sentences
from pilkada_nlp.errors import InputError, OutputError
from pilkada_nlp.labelling import Labelling
from pilkada_nlp.preprocessing import PREPROCESSING_VERSION
from pilkada_nlp.training import corpus_digest, train
from pilkada_nlp.training.groups import groups_of
from tests.conftest import article_of

ROOT = Path(__file__).parents[1]

WORDS = {
    "netralitas_asn": "camat berfoto dengan paslon lalu diperiksa Bawaslu soal netralitas ASN",
    "petahana": "petahana memutasi pejabat tanpa izin Mendagri jelang pilkada",
    "keamanan": "pendukung bentrok di kantor KPU dan polisi menembakkan gas air mata",
    "": "harga ikan turun di pasar dan nelayan kembali melaut",
}


def corpus(path: Path, count: int = 80) -> Path:
    """Write a small corpus of random sentences around each theme."""
    chance = random.Random(3)
    filler = "warga kota desa pagi sore hari itu rapat bicara datang pergi banyak sedikit baru lama".split()
    rows = []
    for number in range(count):
        theme = list(WORDS)[number % 4]
        text = " ".join(chance.sample(WORDS[theme].split() * 2 + filler, 18))
        mod = ["dugaan", "kejadian", "imbauan"][number % 3]
        labels = {
            "rel": int(bool(theme)),
            "pokok": [theme] if theme else [],
            "sebutan": [],
            "mod": mod if theme else None,
        }
        rows.append(
            {
                "id": str(number),
                "title": text[:30],
                "text": text,
                "date": "2024-11-21",
                "event": f"e{number // 2}",
                "split": "train",
                "labels": labels,
                "source_note": "uji",
            }
        )
    path.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    return path


def files(folder: Path) -> dict[str, bytes]:
    """Return the content of each file."""
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_the_same_corpus_and_seed_give_the_same_bytes(tmp_path: Path) -> None:
    """Training is deterministic, replaces an older model whole, and leaves nothing else behind."""
    rows = read_corpus([corpus(tmp_path / "c.jsonl")])
    train(rows, tmp_path / "a")
    train(rows, tmp_path / "b")
    assert files(tmp_path / "a") == files(tmp_path / "b")
    train(rows, tmp_path / "a")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b", "c.jsonl"]
    assert sorted(files(tmp_path / "a")) == [
        "card.md",
        "manifest.json",
        "taxonomy.toml",
        "vocabulary.json",
        "weights.npz",
    ]
    assert load_tagger(tmp_path / "a").manifest.articles == 80


def test_test_articles_are_not_trained_on(tmp_path: Path) -> None:
    """Rows of split "test" change nothing in the model."""
    rows = read_corpus([corpus(tmp_path / "c.jsonl")])
    more = [*rows, LabelledArticle(**{**{n: getattr(rows[0], n) for n in rows[0].__struct_fields__}, "split": "test"})]
    assert train(rows, tmp_path / "a").manifest.files == train(more, tmp_path / "b").manifest.files


def test_corpora_that_teach_nothing_are_refused(tmp_path: Path) -> None:
    """Without others to tell them from, neither elections nor themes can be learned; the message says so."""
    rows = read_corpus([corpus(tmp_path / "c.jsonl")])
    related = [row for row in rows if row.labels.rel]
    with pytest.raises(InputError, match="60 articles about elections and 0 others"):
        train(related, tmp_path / "m")
    plain = [msgspec.structs.replace(row, labels=msgspec.structs.replace(row.labels, pokok=())) for row in rows]
    with pytest.raises(InputError, match="no theme"):
        train(plain, tmp_path / "m")
    # A theme whose examples are all on one event is learned, if not well.
    one = [msgspec.structs.replace(row, event="satu") if "petahana" in row.labels.pokok else row for row in rows]
    assert "petahana" in train(one, tmp_path / "m").manifest.themes


def test_a_folder_that_is_no_model_is_never_replaced(tmp_path: Path) -> None:
    """Whatever else stands at the place of the new model stays, and training does not begin."""
    rows = read_corpus([corpus(tmp_path / "c.jsonl")])
    (tmp_path / "tesis").mkdir()
    (tmp_path / "tesis" / "bab1.txt").write_text("isi")
    with pytest.raises(OutputError, match="no model"):
        train(rows, tmp_path / "tesis")
    with pytest.raises(OutputError, match="no model"):
        train(rows, tmp_path / "c.jsonl")
    assert (tmp_path / "tesis" / "bab1.txt").read_text() == "isi"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["c.jsonl", "tesis"]


def test_an_outcome_that_was_not_learned_is_not_guessed(tmp_path: Path) -> None:
    """Without labelled outcomes only the words of title and lead tell how a case ended."""
    rows = read_corpus([corpus(tmp_path / "c.jsonl")])
    ruled = [msgspec.structs.replace(row, labels=msgspec.structs.replace(row.labels, mod="putusan")) for row in rows]
    train([row if not row.labels.rel else new for row, new in zip(rows, ruled, strict=True)], tmp_path / "m")
    tagger = load_tagger(tmp_path / "m")
    (silent,) = tagger.tag([article_of(rows[0].text, rows[0].title)])
    (spoken,) = tagger.tag([article_of(rows[0].text, f"Tidak Terbukti, {rows[0].title}")])
    assert (silent.modality and silent.modality.value, silent.outcome) == ("putusan", None)
    assert spoken.outcome == "tidak_terbukti"


def test_sentences_teach_modality_and_nothing_else(tmp_path: Path) -> None:
    """Sentences change the heads of modality, those of split "test" nothing at all."""
    rows = read_corpus([corpus(tmp_path / "c.jsonl")])
    line: dict[str, object] = {
        "id": "k",
        "text": f"Camat berfoto lalu {WORDS['keamanan']}.",
        "mod": "potensi",
        "split": "train",
    }
    line |= {"negation": False, "hedge": False, "background": False}
    (tmp_path / "k.jsonl").write_text(
        "\n".join(json.dumps({**line, "id": f"k{number}"}) for number in range(6)), encoding="utf-8"
    )
    taught = read_sentences([tmp_path / "k.jsonl"])
    held_back = [msgspec.structs.replace(sentence, split="test") for sentence in taught]
    train(rows, tmp_path / "plain")
    train(rows, tmp_path / "taught", sentences=taught)
    assert (
        train(rows, tmp_path / "held", sentences=held_back).manifest.files
        == load_tagger(tmp_path / "plain").manifest.files
    )
    plain, _, _ = load_model(tmp_path / "plain", PREPROCESSING_VERSION)
    other, _, _ = load_model(tmp_path / "taught", PREPROCESSING_VERSION)
    changed = {head for head, row in plain.rows.items() if (plain.weights[:, row] != other.weights[:, row]).any()}
    assert changed
    assert all(head.startswith("mod:") for head in changed)


def test_served_scores_are_those_of_scikit_learn(tmp_path: Path) -> None:
    """Numpy gives the decision values of scikit-learn's estimators with the stored weights to 1e-6.

    The stored weights are those that scikit-learn finds, but for their half precision.
    """
    rows = read_corpus([corpus(tmp_path / "c.jsonl")])
    train(rows, tmp_path / "a")
    model, _, taxonomy = load_model(tmp_path / "a", PREPROCESSING_VERSION)
    reader = DocumentReader(taxonomy)
    vectors = [model.vectorize(reader.read(article_of(row.text, row.title)).counts) for row in rows]
    dense = np.zeros((len(rows), len(model.vocabulary)))
    for number, (index, values) in enumerate(vectors):
        dense[number, index] = values
    reads = [not term.startswith("d:") or term.startswith("d:e:") for term in model.vocabulary]
    target = [row.labels.rel for row in rows]
    estimator = LogisticRegression(C=10.0, class_weight="balanced", max_iter=3000, random_state=0)
    fitted = estimator.fit(dense[:, reads], target).decision_function(dense[:, reads])
    head = model.rows["relevant"]
    estimator.coef_ = model.weights[reads, head][None, :].astype(float)
    estimator.intercept_ = model.intercepts[[head]].astype(float)
    stored = estimator.decision_function(dense[:, reads])
    served = np.array([float(model.log_odds(index, values)[head]) for index, values in vectors])
    assert np.abs(served - stored).max() < 1e-5
    assert np.abs(served - fitted).max() < 1e-2
    assert np.abs(fitted).max() > 1


def test_an_own_taxonomy_may_add_themes(tmp_path: Path) -> None:
    """A theme of one's own is learned, kept with the model, and tagged; one without examples is left out."""
    own = tmp_path / "tema.toml"
    own.write_text(
        taxonomy_text()
        + '\n[[themes]]\nid = "nelayan"\nname = { id = "Nelayan", en = "Fishers" }\ngroup = "extension"\n'
        + 'definition = "Fishers at sea on voting day."\nphrases = [{ text = "nelayan", weight = 3 }]\n',
        encoding="utf-8",
    )
    rows = [
        msgspec.structs.replace(
            row, labels=msgspec.structs.replace(row.labels, rel=True, pokok=("nelayan",), mod="potensi")
        )
        if "nelayan" in row.text
        else row
        for row in read_corpus([corpus(tmp_path / "c.jsonl")])
    ]
    manifest = train(rows, tmp_path / "m", taxonomy_file=own).manifest
    assert set(manifest.themes) == {"netralitas_asn", "petahana", "keamanan", "nelayan"}
    own.unlink()
    tagger = load_tagger(tmp_path / "m")
    assert "nelayan" in tagger.taxonomy.names("id")
    (tagging,) = tagger.tag([article_of("Harga ikan turun, nelayan kembali melaut di hari pilkada, kata KPU.")])
    assert "nelayan" in tagging.theme_scores


def test_a_bad_taxonomy_is_refused(tmp_path: Path) -> None:
    """A file that is no taxonomy is named, with what is wrong in it."""
    own = tmp_path / "tema.toml"
    rows = read_corpus([corpus(tmp_path / "c.jsonl")])
    for text in ("rusak [", 'version = "1"\nthemes = [{ id = "a" }]'):
        own.write_text(text)
        with pytest.raises(InputError, match=r"tema\.toml.*is not a taxonomy"):
            train(rows, tmp_path / "m", taxonomy_file=own)


def test_bad_corpora_are_refused_with_file_and_line(tmp_path: Path) -> None:
    """Bad JSON, a missing field, an empty folder, too few events: each names its place."""
    path = corpus(tmp_path / "c.jsonl")
    lines = path.read_text().splitlines()
    path.write_text("\n".join([lines[0], "{rusak", *lines[1:]]))
    with pytest.raises(InputError, match=r"c\.jsonl, line 2") as caught:
        read_corpus([path])
    assert caught.value.line == 2
    path.write_text(lines[0].replace('"event"', '"even"'))
    with pytest.raises(InputError, match=r"line 1.*even"):
        read_corpus([tmp_path])
    (tmp_path / "kosong").mkdir()
    with pytest.raises(InputError, match="no \\*\\.jsonl"):
        read_corpus([tmp_path / "kosong"])
    with pytest.raises(InputError, match="too few"):
        train(read_corpus([corpus(tmp_path / "c.jsonl", 4)]), tmp_path / "m")


def test_a_place_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    """The error names the folder."""
    rows = read_corpus([corpus(tmp_path / "c.jsonl")])
    (tmp_path / "datei").write_text("")
    with pytest.raises(OutputError, match="datei"):
        train(rows, tmp_path / "datei" / "m")


def test_the_shipped_model_was_trained_on_the_shipped_corpus() -> None:
    """The manifest's digest is that of the corpus in this repository, so that anyone can make the model again."""
    folders = [ROOT / "corpora" / "berita", ROOT / "corpora" / "ringkas"]
    rows = [row for row in read_corpus(folders) if row.split != "test"]
    sentences = [row for row in read_sentences([ROOT / "corpora" / "kalimat"]) if row.split != "test"]
    manifest = load_tagger(shipped_model()).manifest
    assert manifest.articles == len(rows)
    assert manifest.corpus_sha256 == corpus_digest(rows, sentences)


def labelling(row: LabelledArticle, outlet: str = "", event: str = "") -> Labelling:
    """Return an own label of an article."""
    return Labelling(article=msgspec.structs.replace(row, event=event), outlet=outlet)


def test_own_labels_of_an_event_or_outlet_never_stand_on_both_sides(tmp_path: Path) -> None:
    """Groups hang together over shared events and outlets; with too few of them events alone count."""
    rows = read_corpus([corpus(tmp_path / "c.jsonl", 12)])
    own = [labelling(row, f"media-{number // 2}", f"s{number}") for number, row in enumerate(rows)]
    groups = groups_of([], own, least=5).tolist()
    assert len(set(groups)) == 6
    assert all(groups[number] == groups[number + 1] for number in range(0, 12, 2))
    # An event that two outlets tell of joins them, and a corpus text on it goes with them.
    own[1] = labelling(rows[1], "media-0", "s2")
    told = msgspec.structs.replace(rows[0], event="s2")
    groups = groups_of([told], own, least=5).tolist()
    assert len({groups[0], *groups[1:5]}) == 1
    assert len(set(groups)) == 5
    one_outlet = [labelling(row, "media", f"s{number // 3}") for number, row in enumerate(rows)]
    groups = groups_of([], one_outlet, least=5).tolist()
    assert len(set(groups)) == 4


def test_own_labels_count_instead_of_the_corpus(tmp_path: Path) -> None:
    """An own label of a corpus text replaces that; the manifest says how many there are, and the order is nothing."""
    rows = read_corpus([corpus(tmp_path / "c.jsonl")])
    own = [labelling(row, f"media-{number % 6}") for number, row in enumerate(rows[:24])]
    manifest = train(rows, tmp_path / "a", own=own).manifest
    assert (manifest.articles, manifest.own_articles) == (80, 24)
    assert manifest.own_agreement
    assert manifest.own_agreement["relevant"] > 0.9
    train(rows, tmp_path / "b", own=own[::-1])
    assert files(tmp_path / "a") == files(tmp_path / "b")
    held_back = train(rows, tmp_path / "c", own=own, held_back=own[:4]).manifest
    assert held_back.own_articles == 20


def test_doubtful_labels_come_with_the_sentences_that_speak_against_them(tmp_path: Path) -> None:
    """A riot that somebody calls no theme heads the list, with its own sentence as evidence."""
    rows = read_corpus([corpus(tmp_path / "c.jsonl")])
    riot = msgspec.structs.replace(
        next(row for row in rows if "keamanan" in row.labels.pokok),
        id="salah",
        event="",
        text=f"Pagi hari warga desa pergi. {WORDS['keamanan'].capitalize()}. Sore hari rapat.",
        labels=Labels(rel=False),
    )
    own = [labelling(row, f"media-{number % 6}") for number, row in enumerate(rows[:24])]
    doubts = train(rows[24:], tmp_path / "m", own=[*own, Labelling(article=riot, by="ani")]).doubts
    assert (doubts[0].article, doubts[0].by, doubts[0].field) == ("salah", "ani", "relevant")
    assert (doubts[0].given, doubts[0].expected) == ("no", "yes")
    assert doubts[0].probability < 0.2
    assert "gas air mata" in doubts[0].evidence[0].text
    assert [doubt.probability for doubt in doubts] == sorted(doubt.probability for doubt in doubts)


def test_training_tells_how_far_it_is(tmp_path: Path) -> None:
    """Each step counts up to what there is."""
    told: list[tuple[str, int, int]] = []
    rows = read_corpus([corpus(tmp_path / "c.jsonl")])
    train(rows, tmp_path / "m", progress=lambda step, done, total: told.append((step, done, total)))
    for step in ("texts", "heads"):
        counted = [(done, total) for name, done, total in told if name == step]
        assert [done for done, _ in counted] == list(range(1, counted[0][1] + 1))
        assert {total for _, total in counted} == {counted[0][1]}
