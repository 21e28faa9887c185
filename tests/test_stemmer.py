"""Stems are PySastrawi's to the letter, but for the corrections, which hold what their table says."""

import pickle
import random
import re
import sys

import pytest
from Sastrawi.Dictionary.ArrayDictionary import ArrayDictionary
from Sastrawi.Stemmer.Filter import TextNormalizer
from Sastrawi.Stemmer.Stemmer import Stemmer as PySastrawi
from Sastrawi.Stemmer.StemmerFactory import StemmerFactory

from pilkada_nlp.preprocessing import Stemmer, tables
from pilkada_nlp.preprocessing.affixes import root_of
from pilkada_nlp.preprocessing.stemmer import _corrections, _words, forms_digest

PREFIXES = (
    "di ke se ber be ter te me mem men meng meny memper pe per pem pen peng peny pel ku kau diper keber menge".split()
)
SUFFIXES = "i kan an is isme isasi lah kah tah pun ku mu nya -nya -lah annya kannya kanlah inya".split()


@pytest.fixture(scope="module")
def oracle() -> PySastrawi:
    """Return the stock stemmer without its cache."""
    return PySastrawi(ArrayDictionary(StemmerFactory().get_words()))


def generated(count: int, seed: int) -> list[str]:
    """Return made-up word forms: roots with affixes and infixes, doubled, cut short, and plain noise."""
    chance = random.Random(seed)
    roots = sorted(tables.roots())
    forms = []
    for _ in range(count):
        root = chance.choice(roots)
        if chance.random() < 0.2:
            root = root[0] + chance.choice(["er", "el", "em", "in"]) + root[1:]
        word = chance.choice(["", *PREFIXES]) + root[chance.random() < 0.1 :] + chance.choice(["", *SUFFIXES])
        if chance.random() < 0.1:
            word += "-" + chance.choice(["", *PREFIXES]) + root + chance.choice(["", *SUFFIXES])
        if chance.random() < 0.05:
            word = "".join(chance.choice("abdegiknprstuyml3-") for _ in range(chance.randint(0, 7)))
        forms.append(word)
    return forms


def test_roots_are_those_of_pysastrawi(oracle: PySastrawi) -> None:
    """A sample of generated forms and of the shipped table has PySastrawi's roots; `make bench` compares them all."""
    forms = generated(12_000, seed=3) + random.Random(3).sample(tables.read_table("stem_forms.txt").split(), 4_000)
    stock = Stemmer(corrections=False)
    for form in forms:
        expected = oracle.stem_word(form)
        assert root_of(form, tables.roots()) == expected, form
        if form.strip("-") == form and form:
            assert stock.stem(form) == expected, form


@pytest.mark.parametrize(
    "text",
    [
        "",
        " \t\n",
        "Undang-Undang  Nomor 10/2016 -- pasal-pasal",
        "ſaya ıkut İstanbul \u212aPU \u212belvin",
        "e-KTP ber-KTP kupu-kupu- -nya --",
        "\x00\ud800 mem\u200bbaca “netral”…",
        "Ｐｅｍｉｌｕ ﬁnal ß ŉ ǰ",
    ],
)
def test_texts_are_normalised_as_pysastrawi_does(text: str, oracle: PySastrawi) -> None:
    """Odd spacing, hyphens, and letters whose case Python treats oddly come out as from PySastrawi."""
    assert Stemmer(corrections=False).stem(text) == oracle.stem(text)


def test_every_character_is_normalised_as_pysastrawi_does() -> None:
    """All of Unicode, thousands of characters at a time, separates or joins words as in PySastrawi."""
    for first in range(0, sys.maxunicode, 4096):
        text = "".join(f"a{chr(code)}b " for code in range(first, min(first + 4096, sys.maxunicode + 1)))
        assert _words(text, cased=False) == re.split(" +", TextNormalizer.normalize_text(text))


def test_corrections_mend_what_their_table_lists(oracle: PySastrawi) -> None:
    """Each added root stays whole though PySastrawi cuts it or leaves its inflections; each name stays a name."""
    stemmer = Stemmer()
    rows = tables.rows("stem_corrections.tsv")
    assert len([kind for kind, _, _ in rows if kind == "root"]) >= 150
    for kind, word, reason in rows:
        assert reason, word
        assert stemmer.stem(word) == word.lower(), word
        if kind == "name":
            assert oracle.stem(word) != word.lower(), f"{word}: PySastrawi leaves it as it is"


def test_names_of_regions_are_protected() -> None:
    """No name or alias of a region loses letters when it is written as a name."""
    stemmer = Stemmer()
    for row in tables.read_table("regions.csv").splitlines()[1:]:
        cells = row.split(",")
        for name in filter(None, [cells[3], *cells[5].split("|"), *cells[6].split("|")]):
            plain = " ".join(re.findall(r"[A-Za-z0-9-]+", name))
            assert stemmer.stem(name) == plain.lower(), name


@pytest.mark.parametrize(
    ("text", "stems"),
    [
        ("kepemiluan", "pemilu"),
        ("Petahana dan relawan rawan kerawanan", "petahana dan relawan rawan rawan"),
        ("di Bekasi bekasi BEKASI", "di bekasi bekas bekasi"),
        ("Kepulauan Riau, kepulauan itu", "kepulauan riau pulau itu"),
        ("mengamankan kampanye", "aman kampanye"),
    ],
)
def test_case_tells_names_from_words(text: str, stems: str) -> None:
    """Names count as written, with a capital or all in capitals; words of the domain in any case."""
    assert Stemmer().stem(text) == stems


def test_the_shipped_forms_are_current() -> None:
    """The table of common forms is small, and holds what the rules give with today's corrections."""
    added = [word for kind, word, _ in tables.rows("stem_corrections.tsv") if kind == "root"]
    digest, *_ = tables.read_table("stem_forms_corrected.txt").split()
    assert digest == forms_digest(added), "run benchmarks/build_stem_forms.py again"
    size = sum(len(tables.read_table(name)) for name in ("stem_forms.txt", "stem_forms_corrected.txt"))
    assert size <= 200_000
    corrections = _corrections()
    for form, root in corrections.forms.items():
        assert root == root_of(form, corrections.roots), form


def test_memory_stays_bounded() -> None:
    """A service that meets ever new words forgets the oldest and goes on giving the same stems."""
    stemmer = Stemmer()
    for number in range(3):
        stemmer.stem(" ".join(f"kata{number}x{at}" for at in range(100_000)))
    memo = stemmer._memo
    assert len(memo) + len(memo._older) <= Stemmer.LIMIT
    assert stemmer.stem("berkampanye") == "kampanye"


def test_a_stemmer_can_be_pickled() -> None:
    """A stemmer goes to other processes with its setting and without its memory."""
    for corrections in (True, False):
        copy = pickle.loads(pickle.dumps(Stemmer(corrections)))  # noqa: S301  # our own bytes
        assert copy.corrections is corrections
        assert copy.stem("petahana") == Stemmer(corrections).stem("petahana")
