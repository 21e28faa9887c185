"""Tokens, sentences and words of any text, with offsets that always fit; columns; the transformer."""

import json
import pickle
import random
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import pandas
import polars
import pyarrow
import pytest
from sklearn.base import clone
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.pipeline import make_pipeline

from pilkada_nlp.preprocessing import (
    IndonesianText,
    Token,
    Word,
    clean,
    normalize,
    read,
    sentences,
    stem,
    terms,
    tokens,
)
from tests.conftest import instructions

GOLD = Path(__file__).parent / "gold"

RUBBISH = [
    "",
    " ",
    "\n\n\n",
    "...",
    "a" * 100_000,
    "\x00\ud800x",
    "ı ſ İ \u202e \u212a",
    "?!" * 5000,
    "A.B.C." * 3000,
    "“”" * 99,
    "Выборы 選挙 انتخابات चुनाव ๑๒๓",
    "#" * 50 + "@" * 50 + "🇮🇩👩‍👩‍👧‍👦🏽",
    "\u0300\u0301 ² ½ Ⅷ ﬁ",
]


def kinds(text: str) -> list[tuple[str, str]]:
    """Return text and kind of each token that is no plain word."""
    return [(token.text, token.kind) for token in tokens(text) if token.kind != "word"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Drs. H. Karim, S.Sos., M.Si. a.n. warga", "Drs.|H.|,|S.Sos.|,|M.Si.|a.n."),
        ("di Jl. Melati No. 5, Kec. Loa Kulu, Kab. Kukar", "Jl.|No.|5|,|Kec.|,|Kab."),
        ("naik 44,28 persen dan 51,3%", "44,28 persen|51,3%"),
        ("Rp1,5 miliar dari Rp 200.000", "Rp1,5 miliar|Rp 200.000"),
        ("pukul 07.00 WIB, sejauh 12,5 km", "07.00 WIB|,|12,5 km"),
        ("27 November 2024 (27/11/2024)", "27 November 2024|(|27/11/2024|)"),
        (
            "https://kpu.go.id/a?b=1. detik.com, a.b@contoh.co.id",
            "https://kpu.go.id/a?b=1|.|detik.com|,|a.b@contoh.co.id",
        ),
        ("@warga.kukar #PilkadaDamai 👍🏽🇮🇩 lho...", "@warga.kukar|#PilkadaDamai|👍🏽|🇮🇩|..."),
        ("“Apa benar?!” (1.234)", "“|?!|”|(|1.234|)"),
    ],
)
def test_tokens_know_more_than_words(text: str, expected: str) -> None:
    """Abbreviations, numbers with units, dates, times, addresses, tags, emoji and punctuation are whole tokens."""
    assert "|".join(token for token, _ in kinds(text)) == expected


def test_words_keep_hyphens_and_clitics() -> None:
    """Reduplication and hyphenated words stay one token, and a written-on clitic is told without cutting it off."""
    words = tokens("undang-undang dilakukannya DPT-nya pergilah sekolah masalah hanya Jum'at")
    assert [token.text for token in words] == (
        ["undang-undang", "dilakukannya", "DPT-nya", "pergilah", "sekolah", "masalah", "hanya", "Jum'at"]
    )
    assert [token.clitic for token in words] == ["", "nya", "nya", "lah", "", "", "", ""]


@pytest.mark.parametrize("text", RUBBISH)
def test_offsets_fit_whatever_comes(text: str) -> None:
    """Every token and sentence is what stands at its offsets, only white space is left out, nothing raises."""
    for parts in (tokens(text), sentences(text)):
        end = 0
        for part in parts:
            assert text[part.start : part.end] == part.text
            assert not text[end : part.start].strip()
            end = part.end
        assert not text[end:].strip()
    assert stem(text) == " ".join(stem(text).split())
    assert isinstance(normalize(text, emoji=True), str)
    terms(word for sentence in read(clean(text)) for word in sentence.words)


def test_offsets_fit_random_texts() -> None:
    """Texts put together at random from awkward pieces lose nothing but white space."""
    chance = random.Random(7)
    pieces = [
        "Drs.",
        "Aman.",
        "nanti.Jakarta",
        "“Ya.”",
        "No. 3",
        "\n",
        "\r\n\n",
        "S.H.",
        "07.00",
        "…",
        "?",
        "kata",
        "X.",
        "😀",
        "#a",
    ]
    for _ in range(300):
        text = " ".join(chance.choices(pieces, k=20))
        assert "".join("".join(span.text.split()) for span in sentences(text)) == "".join(text.split())
        assert "".join("".join(token.text.split()) for token in tokens(text)) == "".join(text.split())


@pytest.mark.parametrize(
    "piece", ["a", "a.", "1.", "@a", "#a ", "a-", "a@", "1 ", "Rp1", "http://", "S.S.", "😀\u200d", "a. ", '." ']
)
@pytest.mark.parametrize("function", [tokens, sentences, stem, normalize], ids=lambda function: str(function.__name__))
def test_work_grows_with_the_length_only(function: Callable[[str], Any], piece: str) -> None:
    """Twice the text takes at most about twice the machine instructions, however the text is repeated."""
    function(piece * 100)  # tables and patterns are loaded
    once = instructions(lambda: function(piece * 20_000))
    twice = instructions(lambda: function(piece * 40_000))
    assert twice < 2.4 * once + 2_000_000


def boundaries_f1() -> float:
    """Return the F1 of sentences against the gold: a sentence counts when both its ends are right."""
    hits = found = wanted = 0
    for line in (GOLD / "sentences.jsonl").read_text(encoding="utf-8").splitlines():
        item = json.loads(line)
        gold = {tuple(pair) for pair in item["sentences"]}
        spans = {(span.start, span.end) for span in sentences(item["text"])}
        hits, found, wanted = hits + len(gold & spans), found + len(spans), wanted + len(gold)
    assert wanted > 500
    return 2 * hits / (found + wanted)


def test_sentence_boundaries_are_right() -> None:
    """At least 97 in 100 of 523 sentences marked by hand, a third of them in noisy texts, are found exactly."""
    assert boundaries_f1() >= 0.97


def test_quotes_stay_with_their_speaker() -> None:
    """What is said and who says it are one sentence; a new sentence in the same quotation is another."""
    text = "“Siap!” ujar dia. “Apa benar? Saya ragu,” tanya warga."
    assert [span.text for span in sentences(text)] == ["“Siap!” ujar dia.", "“Apa benar?", "Saya ragu,” tanya warga."]


def test_words_tell_what_stems_lose() -> None:
    """Voice and affix class, denial and hedge stand beside the stem, each within its own clause."""
    (sentence,) = read("Diduga petugas diamankan, tetapi laporan itu tidak terbukti melanggar.")
    found = {word.form: word for word in sentence.words}
    assert found["diamankan"] == Word("diamankan", "aman", "di-", denied=False, hedged=True)
    assert found["laporan"] == Word("laporan", "lapor", "", denied=False, hedged=False)
    assert found["terbukti"] == Word("terbukti", "bukti", "ter-", denied=True, hedged=False)
    assert found["melanggar"].denied


def test_not_only_denies_nothing() -> None:
    """In "tidak hanya" nothing is denied."""
    (sentence,) = read("Kecurangan tidak hanya terjadi di sini")
    assert not any(word.denied for word in sentence.words if word.form == "terjadi")


def test_numbers_become_one_term() -> None:
    """Counts differ from article to article, so models see "0"; units are words, abbreviations lose their stop."""
    (sentence,) = read("IKP 44,28 persen, 12 TPS di Kab. Kukar")
    assert [word.form for word in sentence.words] == ["ikp", "44,28", "persen", "12", "tps", "di", "kab", "kukar"]
    assert terms(sentence.words[:3]) == ["ikp", "0", "persen", "ikp 0", "0 persen"]


def test_one_text_is_read_once() -> None:
    """The tagger and the search for copies share one reading of an article."""
    assert read("Bawaslu memanggil camat.") is read("Bawaslu memanggil camat.")


COLUMN = ["Relawan berkampanye", None]


def test_columns_come_back_as_they_went() -> None:
    """A Series or array of pandas, polars or pyarrow gives its own kind, name and gaps kept."""
    series = stem(pandas.Series(COLUMN, name="teks", index=[5, 6]))
    assert isinstance(series, pandas.Series)
    assert series.name == "teks"
    assert series.to_dict()[5] == "relawan kampanye"
    assert pandas.isna(series[6])
    frame = polars.DataFrame({"teks": COLUMN})
    assert stem(frame["teks"]).to_list() == ["relawan kampanye", None]
    assert tokens(frame["teks"]).to_list()[0][0] == Token(0, 7, "Relawan")._asdict()
    assert normalize(pyarrow.array(["gak netral", None])).to_pylist() == ["tidak netral", None]
    chunked = sentences(pyarrow.chunked_array([["Aman. Damai."]]))
    assert isinstance(chunked, pyarrow.ChunkedArray)
    assert [part["text"] for part in chunked.to_pylist()[0]] == ["Aman.", "Damai."]


@pytest.mark.parametrize("wrong", [None, 3, ["a", "b"], b"teks"])
def test_other_things_are_refused(wrong: Any) -> None:
    """What is neither a string nor a column is refused with a sentence that names the function."""
    with pytest.raises(TypeError, match=r"stem\(\) takes a string or a Series"):
        stem(wrong)


def test_the_transformer_fits_a_pipeline() -> None:
    """`IndonesianText` survives `clone`, `get_params` and pickling, and prepares texts for a vectoriser."""
    text = IndonesianText(posts=True)
    assert clone(text).get_params() == {"corrections": True, "posts": True, "stem": True}
    assert pickle.loads(pickle.dumps(text)).transform(["ASN gak netral"]) == ["asn tidak netral"]  # noqa: S301  # our own
    matrix = make_pipeline(text, TfidfVectorizer()).fit_transform(["relawan berkampanye", "kampanye damai"])
    assert matrix.shape == (2, 3)
    with pytest.raises(TypeError, match="one string"):
        text.transform("satu")


def test_the_transformer_works_in_other_processes() -> None:
    """Pools of processes give what this process gives."""
    texts = ["Relawan berkampanye di Bekasi", "Petahana dilaporkan"]
    with ProcessPoolExecutor(2) as pool:
        assert list(pool.map(IndonesianText().transform, [[text] for text in texts])) == [
            [text] for text in IndonesianText().transform(texts)
        ]


def test_preprocessing_starts_without_heavy_libraries() -> None:
    """Importing it loads no learning or data-frame library, nor the costly parts of the standard library."""
    heavy = ("sklearn", "pandas", "polars", "numpy", "csv", "importlib.resources", "pathlib", "msgspec")
    code = (
        "import sys; import pilkada_nlp.preprocessing as p; p.stem('Relawan');"
        f"print([name for name in {heavy!r} if name in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
