"""Sentences, tokens and stems with offsets that always fit."""

import random

import pytest

from pilkada_nlp.preprocessing import clean, features, sentences, stem, tokens

RUBBISH = [
    "",
    " ",
    "\n\n\n",
    "...",
    "a" * 100_000,
    "\x00\ud800x",
    "ı ſ İ \u202e",
    "?!" * 5000,
    "A.B.C." * 3000,
    "“”" * 99,
]


def test_abbreviations_do_not_end_sentences() -> None:
    """Titles, initials, list numbers and domains keep their full stop inside the sentence."""
    text = "Bupati Drs. H. A. Karim, S.Sos. bicara di Jl. Melati No. 5.Ia pulang.\n1. Satu hal di Kabar.Com saja."
    assert [span.text for span in sentences(text)] == [
        "Bupati Drs. H. A. Karim, S.Sos. bicara di Jl. Melati No. 5.",
        "Ia pulang.",
        "1. Satu hal di Kabar.Com saja.",
    ]


def test_quotes_close_behind_the_full_stop() -> None:
    """A closing quote belongs to the sentence that it ends."""
    assert [span.text for span in sentences("“Kami netral.” Ia pergi.")] == ["“Kami netral.”", "Ia pergi."]


@pytest.mark.parametrize("text", RUBBISH)
def test_offsets_fit_whatever_comes(text: str) -> None:
    """Every span lies inside the text and is what it says, and nothing raises."""
    for start, end, part in [*sentences(text), *tokens(text)]:
        assert text[start:end] == part
    features(clean(text))


def test_sentences_lose_no_word() -> None:
    """The words of the sentences are the words of the text, for random texts of awkward pieces."""
    chance = random.Random(7)
    pieces = ["Drs.", "Aman.", "nanti.Jakarta", "“Ya.”", "No. 3", "\n", "\n\n", "S.H.", "07.00", "…", "?", "kata", "X."]
    for _ in range(300):
        text = " ".join(chance.choices(pieces, k=20))
        joined = " ".join(span.text for span in sentences(text))
        assert [token.text for token in tokens(joined)] == [token.text for token in tokens(text)]


@pytest.mark.parametrize(
    ("word", "root"),
    [
        ("pemilu", "pemilu"),
        ("kepemiluan", "pemilu"),
        ("petahana", "petahana"),
        ("relawan", "relawan"),
        ("kerawanan", "rawan"),
        ("mengamankan", "aman"),
    ],
)
def test_election_words_are_stemmed_right(word: str, root: str) -> None:
    """Words of this domain that stock PySastrawi damages keep their meaning."""
    assert stem(word) == root


def test_features_keep_the_raw_form_beside_the_stem() -> None:
    """The words "diamankan" (arrested) and "aman" (safe) stay apart though they share a stem."""
    assert "diamankan" in features("Diamankan")
    assert "~aman" in features("Diamankan")
    assert features("12 TPS") == ["0", "tps", "0 tps"]
