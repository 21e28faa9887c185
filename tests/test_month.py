"""The simulated month is the same for the same seed, moves texts whole, and its gold is what it says."""

import random
from collections import Counter
from datetime import date, timedelta
from pathlib import Path

import msgspec
import pytest
from benchmarks.month import TAGGER, Monitor, figures, gold, judge, tagged
from benchmarks.simulation import SEEDS, Month, Scale, held_back, make_month
from benchmarks.transplant import blended, retold, traces, transplanted

from pilkada_nlp.article import Modality, Tagging
from pilkada_nlp.classifiers import load_tagger
from pilkada_nlp.corpora import LabelledArticle
from pilkada_nlp.regions import region
from pilkada_nlp.regions.gazetteer import gazetteer

CORPORA = Path(__file__).parents[1] / "corpora"
TINY = Scale(
    days=4,
    provinces=1,
    regencies=4,
    local=2,
    national=2,
    outbreaks=("satu", "perkara"),
    floods=("imbauan",),
    corrections=("ralat",),
    silences=("tanpa_berita",),
)
SIGNALS = ("kejadian", "dugaan", "putusan")


@pytest.fixture(scope="module")
def corpus() -> list[LabelledArticle]:
    """Return the test split."""
    return held_back(CORPORA)


@pytest.fixture(scope="module")
def month(corpus: list[LabelledArticle]) -> Month:
    """Return the whole month of the first seed."""
    return make_month(SEEDS[0], corpus)


def shingles(text: str) -> set[tuple[str, ...]]:
    """Return the runs of three words of a text."""
    words = text.lower().split()
    return set(zip(words, words[1:], words[2:], strict=False))


def test_same_seed_same_month(corpus: list[LabelledArticle]) -> None:
    """Two months of one seed are equal to the letter, and another seed makes another one."""
    assert make_month(5, corpus, TINY) == make_month(5, corpus, TINY)
    assert make_month(5, corpus, TINY) != make_month(6, corpus, TINY)


def test_a_moved_text_names_the_new_place_only() -> None:
    """Full and short names, seat, province, neighbours, offices of a city, dates and weekdays follow the move."""
    text = (
        "KRUI – Bupati Pesisir Barat dilaporkan ke Bawaslu Kabupaten Pesisir Barat, Selasa (15/12/2020). Warga Krui, "
        "Provinsi Lampung, menunggu hingga Rabu. Pilkada 2020 digelar 9 Desember 2020, lalu pada Januari 2021, menurut "
        "UU Nomor 10 Tahun 2016. Polda di Bandar Lampung dan Kabupaten Garut tidak berkomentar."
    )
    moved = transplanted(text, "18.13", "35.78", date(2020, 12, 15), date(2024, 11, 20))
    assert moved == (
        "SURABAYA – Wali Kota Surabaya dilaporkan ke Bawaslu Kota Surabaya, Rabu (20/11/2024). Warga Surabaya, "
        "Provinsi Jawa Timur, menunggu hingga Kamis. Pilkada 2024 digelar 14 November 2024, lalu pada Desember 2024, "
        "menurut UU Nomor 10 Tahun 2016. Polda di Kediri dan Kabupaten Garut tidak berkomentar."
    )


def test_no_trace_of_the_old_region_is_left(corpus: list[LabelledArticle]) -> None:
    """Of all texts on one place, moved anywhere, none keeps a name of its region, and each has the new one."""
    rng = random.Random(1)
    codes = [code for code in gazetteer().regions if code[:2] not in ("31", "34")]
    placed = [text for text in corpus if text.labels.rel and len(text.labels.regions) == 1]
    placed = [text for text in placed if text.labels.regions[0][:2] != "31"]
    assert len(placed) > 300
    for text in placed:
        (home,) = text.labels.regions
        there = rng.choice([code for code in codes if ("." in code) == ("." in home) and code != home])
        whole = f"{text.title}\n{text.text}"
        moved = transplanted(whole, home, there, text.date, date(2024, 11, 20))
        assert traces(moved, home, there) == [], text.id
        if traces(whole, home, there):
            assert traces(moved, there, home), text.id


def test_a_retelling_shares_the_matter_and_not_the_wording(corpus: list[LabelledArticle]) -> None:
    """Retellings name the place, are shorter, and share much fewer runs of three words than edited copies do."""
    rng = random.Random(2)
    similar = []
    for text in [text for text in corpus if text.labels.mod == "kejadian" and len(text.labels.regions) == 1]:
        place = region(text.labels.regions[0]).short_name
        (title, one), (_, other) = (retold(text.title, text.text, place, rng) for _ in range(2))
        assert title
        assert place not in text.text or place in one
        assert len(one) < 1.1 * len(text.text)
        a, b = shingles(one), shingles(other)
        similar.append(len(a & b) / len(a | b))
    assert sorted(similar)[len(similar) // 2] < 0.35


def test_a_blend_opens_as_one_text_and_ends_as_another() -> None:
    """The first half of the paragraphs comes from one, the second from the other."""
    assert blended("a\n\nb\n\nc", "d\n\ne\n\nf\n\ng") == "a\n\nb\n\nf\n\ng"
    assert blended("a", "b") == "a\n\nb"


def test_size_of_the_month(month: Month) -> None:
    """60 regions, 40 outlets, 30 days, a few thousand articles with ids of their own, none on a day of another."""
    assert (len(month.regions), len(month.outlets), len(month.days)) == (60, 40, 30)
    assert sum(bool(outlet.regions) for outlet in month.outlets) == 30
    assert 4000 < len(month.items) < 7000
    assert len({item.article.id for item in month.items}) == len(month.items)
    assert sum(len(month.of_day(day)) for day in month.days) == len(month.items)
    known = {outlet.id for outlet in month.outlets}
    assert all(item.article.outlet in known for item in month.items)


def test_outbreaks_are_severe_and_apart(month: Month) -> None:
    """24 outbreaks in 24 regions; each has its articles on its day, in its region and theme, with severe events."""
    assert Counter(o.kind for o in month.outbreaks) == {"satu": 8, "beberapa": 4, "perkara": 12}
    assert len({outbreak.region for outbreak in month.outbreaks}) == len(month.outbreaks)
    for outbreak in month.outbreaks:
        items = [item for item in month.items if item.part == outbreak.part]
        assert {item.article.day for item in items} == {outbreak.day}
        assert all(item.labels.regions == (outbreak.region,) for item in items)
        assert all(outbreak.theme in item.labels.pokok for item in items)
        assert len({item.article.outlet for item in items}) >= 4
        severe = {item.labels.mod for item in items if item.labels.sev >= 3}
        assert severe & ({"putusan", "dugaan"} if outbreak.kind == "perkara" else {"kejadian"})


def test_nothing_but_outbreaks_is_severe(month: Month) -> None:
    """The background of a region has one ordinary signal in a week at most, and never one of severity 3."""
    weeks: Counter[tuple[str, int]] = Counter()
    seen: set[tuple[object, ...]] = set()
    for item in month.items:
        labels = item.labels
        if labels.mod in SIGNALS and labels.regions and labels.sev and not item.part:
            assert labels.sev <= 2
            week = (labels.regions[0], (item.article.day - month.days[0]).days // 7)
            event = (*week, item.labels.pokok, item.labels.event_date, item.labels.mod)
            weeks[week] += event not in seen
            seen.add(event)
    assert max(weeks.values()) == 1
    assert len(weeks) > 60


def test_floods_and_corrections_keep_to_their_gold(month: Month) -> None:
    """Floods have 50, 40 and 20 articles that tell of no event; everything planted has a region of its own."""
    counts = Counter(item.part for item in month.items)
    assert [counts[flood.part] for flood in month.floods] == [50, 50, 40, 40, 20]
    for flood in month.floods:
        items = [item for item in month.items if item.part == flood.part]
        assert {item.article.day for item in items} == {flood.day}
        assert not any(item.labels.mod in SIGNALS for item in items)
    for correction in month.corrections:
        items = [item for item in month.items if item.part == correction.part]
        assert items
        outcomes = {item.labels.outcome for item in items}
        assert outcomes == {"tidak_terbukti" if correction.kind == "tidak_terbukti" else None}
        before = [i for i in month.items if i.labels.regions == (correction.region,) and i.article.day < correction.day]
        assert any(correction.theme in item.labels.pokok and item.labels.mod in SIGNALS for item in before)
    regions = [event.region for group in (month.outbreaks, month.floods, month.corrections) for event in group]
    assert len(set(regions)) == len(regions)


def test_silent_outlets_print_nothing(month: Month) -> None:
    """Three outlets are silent for three or four days and busy before."""
    assert Counter(silence.kind for silence in month.silences) == {"tak_terbaca": 1, "tanpa_berita": 2}
    for silence in month.silences:
        own = [item.article.day for item in month.items if item.article.outlet == silence.outlet]
        assert not any(silence.first <= day <= silence.last for day in own)
        assert silence.last - silence.first in (timedelta(days=2), timedelta(days=3))
        assert sum(day < silence.first for day in own) > 20


@pytest.fixture(scope="module")
def tiny(corpus: list[LabelledArticle]) -> Month:
    """Return a month of five regions and four days."""
    return make_month(5, corpus, TINY)


@pytest.fixture(scope="module")
def judged(tiny: Month) -> dict[str, Tagging]:
    """Return what the shipped tagger makes of the tiny month."""
    return tagged(tiny, load_tagger())


@pytest.fixture(scope="module")
def labelled(tiny: Month, judged: dict[str, Tagging]) -> dict[str, Tagging]:
    """Return the labels of the tiny month in the form of taggings."""
    return {item.article.id: gold(item, judged[item.article.id]) for item in tiny.items}


def test_every_article_is_tagged_under_its_own_id(tiny: Month, judged: dict[str, Tagging]) -> None:
    """Copies share a judgement and keep their ids."""
    assert {key: tagging.id for key, tagging in judged.items()} == {i.article.id: i.article.id for i in tiny.items}


def test_gold_puts_every_judgement_right(tiny: Month, labelled: dict[str, Tagging]) -> None:
    """Relevance, themes, modality, places, severity and outcome are those of the labels."""
    for item in tiny.items:
        tagging, labels = labelled[item.article.id], item.labels
        assert (tagging.relevant.value, tagging.relevant.election) == (labels.rel, labels.election)
        assert tuple(theme.theme for theme in tagging.themes if theme.strength == "pokok") == labels.pokok
        assert (tagging.modality.value if tagging.modality else None) == labels.mod
        assert tuple(place.code for place in tagging.places()) == labels.regions
        assert (tagging.severity, tagging.outcome) == (labels.sev, labels.outcome)


def test_with_right_labels_the_tiny_month_comes_out_right(tiny: Month, labelled: dict[str, Tagging]) -> None:
    """An outbreak is found unless its tellings count as copies; neither appeals nor a correction move a level."""
    score = judge(tiny, labelled)
    missed = [miss.kind for miss in score.misses if miss.what.startswith("outbreak")]
    assert (score.outbreaks, score.found, missed) == (2, 1, ["stories: tellings taken for copies"])
    assert (score.false_high, score.floods, score.floods_moved) == (0, 1, 0)
    assert (score.corrections, score.corrections_moved) == (1, 0)
    assert 0 < score.region_days < len(tiny.regions) * len(tiny.days)


def test_the_tagger_reads_the_tiny_month(tiny: Month, judged: dict[str, Tagging]) -> None:
    """The whole way from text to levels runs, and every outbreak is either found or says why it was not."""
    score = judge(tiny, judged)
    told = [miss for miss in score.misses if miss.what.startswith("outbreak")]
    assert score.found + len(told) == score.outbreaks
    assert all(miss.kind and miss.stories for miss in told)
    assert "outbreaks found" in next(figures({TAGGER: [score]})).line()


def test_what_is_missed_is_blamed_on_what_was_wrong(tiny: Month, labelled: dict[str, Tagging]) -> None:
    """Places taken away from an outbreak that is found else make it a miss by the tagger's region."""
    missed = {miss.what for miss in judge(tiny, labelled).misses}
    (found,) = [one for one in tiny.outbreaks if not any(f"{one.region}/{one.theme}" in what for what in missed)]
    lost = {item.article.id for item in tiny.items if item.part == found.part}
    blind = {
        key: msgspec.structs.replace(tagging, regions=()) if key in lost else tagging
        for key, tagging in labelled.items()
    }
    score = judge(tiny, blind)
    assert score.found == 0
    (miss,) = [miss for miss in score.misses if miss.what.startswith(f"outbreak {found.region}/")]
    assert miss.kind == "tagger: region"


def test_an_appeal_taken_for_arson_is_a_false_high_level(tiny: Month, labelled: dict[str, Tagging]) -> None:
    """Each day on which a calm region stands high counts, and the miss names the modality as its cause."""
    planted = {event.region for event in tiny.outbreaks}
    appeals = [item for item in tiny.items if item.labels.mod == "imbauan" and item.labels.pokok]
    appeals = [item for item in appeals if item.labels.election == "pilkada" and item.labels.kind == "media"]
    appeal = next(item for item in appeals if item.labels.regions[0] not in planted)
    wrong = dict(labelled)
    for item in tiny.items:
        if item.labels == appeal.labels:
            wrong[item.article.id] = msgspec.structs.replace(
                wrong[item.article.id], modality=Modality(value="kejadian", score=1.0), severity=4
            )
    score = judge(tiny, wrong)
    assert score.false_high == sum(day >= appeal.article.day for day in tiny.days)
    assert score.false_rate == 200 * score.false_high / score.region_days
    assert "tagger: modality" in {miss.kind for miss in score.misses if miss.what.startswith("false high")}


def test_concluding_changes_nothing_until_it_is_kept(tiny: Month, labelled: dict[str, Tagging]) -> None:
    """A day can be concluded without some articles, and afterwards as it was."""
    monitor = Monitor(tiny, labelled)
    first, second = tiny.days[:2]
    monitor.keep(monitor.conclude(first))
    whole = monitor.conclude(second)
    everything = frozenset(item.article.id for item in tiny.of_day(second))
    assert set(monitor.conclude(second, without=everything).told) < set(whole.told)
    assert monitor.conclude(second) == whole
