"""Copies and tellings of one event become one story, whatever their order; what is different stays apart."""

import random
from datetime import date, datetime, timedelta

import msgspec
import pytest

from pilkada_nlp.article import Article, Evidence, Modality, RegionTag, Relevance, SourceKind, Tagging, ThemeTag
from pilkada_nlp.article.findings import Story
from pilkada_nlp.stories import Telling, build_stories, join, telling
from pilkada_nlp.watchlist import load_weights
from tests.conftest import NOW, article_of

INDEPENDENCE = load_weights().independence
WORDS = [f"kata{number}" for number in range(400)]


def tagging_of(article: Article, **fields: object) -> Tagging:
    """Return a tagging as the tagger might make it."""
    standard: dict[str, object] = {
        "id": article.id,
        "relevant": Relevance(value=True, score=0.9, election="pilkada"),
        "themes": (ThemeTag(theme="keamanan", strength="pokok", score=0.9, threshold=0.5),),
        "theme_scores": {},
        "modality": Modality(value="kejadian", score=0.9, evidence=(Evidence(start=0, end=3, text=article.text[:3]),)),
        "regions": (RegionTag(code="64.08", name="Kabupaten Kutai Timur", role="peristiwa", score=1.0),),
        "source_kind": SourceKind(value="media", score=0.7),
        "severity": 3,
        "review": (),
        "outcome": None,
        "model": "uji",
        "taxonomy": "1",
        "version": "0",
    }
    return Tagging(**{**standard, **fields})  # type: ignore[arg-type]


def text(seed: int, changed: float = 0.0) -> str:
    """Return 150 random words; with another seed all differ, `changed` replaces that share of them."""
    words = random.Random(seed).choices(WORDS, k=150)
    chance = random.Random(99)
    return " ".join(chance.choice(WORDS) if chance.random() < changed else word for word in words)


def make(key: str, body: str, hours: float = 0, outlet: str = "a") -> Article:
    """Return an article published `hours` after the standard time."""
    at: datetime = NOW + timedelta(hours=hours)
    return article_of(body, id=key, outlet=outlet, published_at=at, day=at.date())


def test_where_a_theme_is_only_named() -> None:
    """By the regions of its paragraphs; without one there, or in an article on one region, it stands for all."""
    body = (
        "Polda memetakan daerah rawan pilkada.\n\nDi Kabupaten Paser aparatur desa disebut rawan memihak.\n\n"
        "Di Kabupaten Mahakam Ulu politik uang disinggung. Bapak RUDI HARTONO (40), nelayan, tidak terlibat."
    )
    sentence = "Di Kabupaten Mahakam Ulu politik uang disinggung."
    at = body.index(sentence)
    mark = Evidence(start=at, end=at + len(sentence), text=sentence)
    theme = ThemeTag(theme="politik_uang", strength="sebutan", score=0.2, threshold=0.5, evidence=(mark,))
    places = [RegionTag(code=code, name=code, role="peristiwa", score=1.0) for code in ("64.01", "64.11")]
    article = make("peta", body)
    on_both = telling(article, tagging_of(article, themes=(theme,), regions=tuple(places)))
    assert [(one.theme, one.regions) for one in on_both.named] == [("politik_uang", ("64.11",))]
    assert [one.text for one in on_both.named[0].sentences] == [sentence]
    assert telling(article, tagging_of(article, themes=(theme,), regions=(places[1],))).named[0].regions == ()
    opening = msgspec.structs.replace(mark, start=0, end=37, text=body[:37])
    elsewhere = msgspec.structs.replace(theme, evidence=(opening,))
    assert telling(article, tagging_of(article, themes=(elsewhere,), regions=tuple(places))).named[0].regions == ()
    main = msgspec.structs.replace(theme, strength="pokok")
    assert telling(article, tagging_of(article, themes=(main,), regions=tuple(places))).named == ()


def test_copies_and_edited_copies_are_one_story() -> None:
    """A verbatim copy and one with a word in twenty changed join the original; other texts do not."""
    articles = [make("a", text(1)), make("b", text(1), 1), make("c", text(1, 0.05), 2), make("d", text(2), 3)]
    stories = build_stories(articles, {a.id: tagging_of(a) for a in articles}, INDEPENDENCE)
    assert [[member.article for member in story.members] for story in stories] == [["a", "b", "c"], ["d"]]
    similarities = [member.similarity for member in stories[0].members]
    assert similarities[:2] == [1.0, 1.0]
    assert 0.5 <= similarities[2] < 1


@pytest.mark.parametrize("seed", range(5))
def test_the_order_of_articles_does_not_matter(seed: int) -> None:
    """Shuffled articles give the same stories with the same ids."""
    articles = [make(f"{n}{c}", text(n, 0.02 * c), n + c) for n in range(8) for c in range(3)]
    taggings = {a.id: tagging_of(a) for a in articles}
    shuffled = articles[:]
    random.Random(seed).shuffle(shuffled)
    assert build_stories(shuffled, taggings, INDEPENDENCE) == build_stories(articles, taggings, INDEPENDENCE)


def test_the_same_words_a_month_later_are_another_story() -> None:
    """Copies appear within days; a formula that returns is a new event."""
    articles = [make("a", text(1)), make("b", text(1), 24 * 30)]
    assert len(build_stories(articles, {a.id: tagging_of(a) for a in articles}, INDEPENDENCE)) == 2


def test_the_most_independent_member_speaks() -> None:
    """When a newsroom prints a release, the story rests on the newsroom, and keeps the release's id and time."""
    release, report = make("rilis", text(1)), make("berita", text(1), 5)
    taggings = {
        "rilis": tagging_of(release, source_kind=SourceKind(value="rilis_pemda", score=1.0)),
        "berita": tagging_of(report),
    }
    (story,) = build_stories([release, report], taggings, INDEPENDENCE)
    assert (story.id, story.lead, story.independence) == ("rilis", "berita", 1.0)
    assert story.published_at == NOW


def test_what_is_not_about_an_election_is_no_story() -> None:
    """Unrelated and untagged articles are left out."""
    other = make("lain", text(3))
    unrelated = tagging_of(other, relevant=Relevance(value=False, score=0.1), modality=None, themes=())
    assert build_stories([other, make("tanpa", text(4))], {"lain": unrelated}, INDEPENDENCE) == []
    assert build_stories([], {}, INDEPENDENCE) == []


def test_empty_texts_do_no_harm() -> None:
    """Articles without words have a day and stand alone or together, without a crash."""
    articles = [make("a", ""), make("b", "satu dua")]
    stories = build_stories(articles, {a.id: tagging_of(a) for a in articles}, INDEPENDENCE)
    assert {story.day for story in stories} == {date(2024, 11, 21)}
    told = [telling(article, tagging_of(article)) for article in articles]
    assert [story.sources for story in join(told, {}, INDEPENDENCE)] == [1, 1]
    assert join([], {}, INDEPENDENCE) == []


EVENT, CALM = Modality(value="kejadian", score=0.9), Modality(value="imbauan", score=0.9)
LAMPUNG = (RegionTag(code="18.71", name="Kota Bandar Lampung", role="peristiwa", score=1.0),)
REPORT = (
    "Gudang KPU di Sukarame terbakar Selasa dini hari. Api melalap 312 bilik suara dan tinta, kata komisioner. "
    "Petugas jaga melihat percikan dari panel listrik lalu memanggil pemadam dari pos Kedaton."
)
RETOLD = (
    "Percikan panel listrik memicu kebakaran gudang logistik di Sukarame. Menurut komisioner, 312 bilik suara dan "
    "tinta hangus sebelum pemadam dari Kedaton tiba; seorang petugas jaga yang pertama melihat api."
)
APPEAL = (
    "Wali kota mengimbau warga Sukarame tenang setelah gudang berisi 312 bilik suara terbakar akibat panel listrik."
)


def fire(key: str, body: str, hours: float = 0, **fields: object) -> Telling:
    """Return what an article on the fire in Bandar Lampung tells."""
    article = make(key, body, hours, f"outlet-{key}")
    return telling(article, tagging_of(article, **{"regions": LAMPUNG, **fields}))


def members(stories: list[Story]) -> list[list[str]]:
    """Return the ids of the articles of each story."""
    return [[member.article for member in story.members] for story in stories]


def test_an_event_told_in_other_words_joins_with_its_reason() -> None:
    """Another telling of the same fire joins the first report and says what both share."""
    (story,) = join([fire("a", REPORT), fire("b", RETOLD, 3)], {}, INDEPENDENCE)
    first, second = story.members
    assert (first.reason, first.joined_to, first.similarity) == ("asal", None, 1.0)
    assert (second.reason, second.joined_to) == ("peristiwa", "a")
    assert 0 < second.similarity < 1
    assert "sukarame" in second.shared
    assert story.sources == 2


@pytest.mark.parametrize(
    "fields",
    [
        {"modality": CALM},
        {"is_aggregate": True},
        {"regions": (RegionTag(code="73.71", name="Kota Makassar", role="peristiwa", score=1.0),)},
    ],
    ids=["appeal", "round-up", "elsewhere"],
)
def test_what_is_only_about_an_event_is_not_the_event(fields: dict[str, object]) -> None:
    """An appeal on the occasion, a round-up that names it, and the like of it elsewhere are stories of their own."""
    for body in (RETOLD, APPEAL):
        assert members(join([fire("a", REPORT), fire("b", body, 3, **fields)], {}, INDEPENDENCE)) == [["a"], ["b"]]


def test_a_case_that_goes_on_is_a_chain_of_stories() -> None:
    """A report, its examination and the ruling are linked and not merged, and nothing follows what came later."""
    case = "Lurah Kedaton {} ke Bawaslu Bandar Lampung karena foto bersama calon di kedai kopi Rajabasa."
    told = [
        fire("lapor", case.format("dilaporkan"), case_stage="laporan"),
        fire("periksa", case.format("memberi klarifikasi") + " Ia diperiksa tiga jam.", 50, case_stage="klarifikasi"),
        fire("vonis", case.format("divonis melanggar") + " Sanksinya teguran.", 150, case_stage="putusan"),
    ]
    stories = {story.id: story for story in join(told, {}, INDEPENDENCE)}
    assert stories.keys() == {"lapor", "periksa", "vonis"}
    assert stories["lapor"].follows is None
    assert stories["periksa"].follows == "lapor"
    assert stories["vonis"].follows in {"lapor", "periksa"}


def test_a_report_and_a_ruling_of_one_day_stay_apart() -> None:
    """However alike the words, a ruling is another event than the report."""
    told = [fire("a", REPORT, case_stage="laporan"), fire("b", RETOLD, 2, case_stage="putusan")]
    assert len(join(told, {}, INDEPENDENCE)) == 2


def test_fifty_copies_are_one_source() -> None:
    """A text printed fifty times is one story with one source; when an office issued it, with none."""
    copies = [fire(f"{n:02}", REPORT, n / 10) for n in range(50)]
    (story,) = join(copies, {}, INDEPENDENCE)
    assert (len(story.members), story.sources) == (50, 1)
    assert {member.reason for member in story.members[1:]} == {"salinan"}
    release = fire("rilis", REPORT, -1, source_kind=SourceKind(value="rilis_pemda", score=1.0))
    (story,) = join([*copies, release], {}, INDEPENDENCE)
    assert (story.id, len(story.members), story.sources) == ("rilis", 51, 0)


def test_a_form_filled_in_elsewhere_is_no_copy() -> None:
    """The same sentences on another region, or with another date, are another story."""
    elsewhere = (RegionTag(code="18.72", name="Kota Metro", role="peristiwa", score=1.0),)
    assert len(join([fire("a", REPORT), fire("b", REPORT, 1, regions=elsewhere)], {}, INDEPENDENCE)) == 2
    dated = [fire("a", REPORT + " Rapat digelar 20/11/2024."), fire("b", REPORT + " Rapat digelar 21/11/2024.")]
    assert len(join(dated, {}, INDEPENDENCE)) == 2


def arrivals(seed: int) -> list[Telling]:
    """Return tellings of a week: texts with copies and edited copies, in random places and of random kinds."""
    chance = random.Random(seed)
    told = []
    for n in range(12):
        hours, place = chance.uniform(0, 150), f"18.{chance.choice(('71', '72'))}"
        for c in range(chance.choice((1, 2, 4))):
            words = text(chance.choice((n, n // 2)), 0.1 * c)
            article = make(f"{chance.randrange(10**6):06}", words, hours + chance.uniform(0, 30))
            stage = chance.choice((None, None, "laporan", "klarifikasi"))
            region = RegionTag(code=place, name=place, role="peristiwa", score=1.0)
            fields = {"regions": (region,), "modality": chance.choice((EVENT, EVENT, CALM)), "case_stage": stage}
            told.append(telling(article, tagging_of(article, **fields)))
    return told


@pytest.mark.parametrize("seed", range(12))
def test_what_arrives_in_batches_gives_the_same_stories(seed: int) -> None:
    """Whatever arrives when, the stories are those of all articles at once, and every id is one story's."""
    told = arrivals(seed)
    random.Random(seed).shuffle(told)
    known: dict[str, str] = {}
    stories: list[Story] = []
    for end in (5, 6, 11, 20, len(told)):
        stories = join(told[:end], known, INDEPENDENCE)
        assert len({story.id for story in stories}) == len(stories)
        for story in stories:
            ids = [member.article for member in story.members]
            wanted = [known[article] for article in ids if known.get(article) in ids]
            assert story.id == (wanted[0] if wanted else ids[0])
        known = {member.article: story.id for story in stories for member in story.members}
    at_once = join(sorted(told, key=lambda one: one.article), {}, INDEPENDENCE)
    assert sorted(members(stories)) == sorted(members(at_once))
    assert {one.article for one in told} == {article for story in members(stories) for article in story}


def test_a_published_story_keeps_its_id() -> None:
    """When an earlier telling turns up late, the story keeps the id under which it was published."""
    late, published = fire("telat", REPORT), fire("terbit", RETOLD, 4)
    (story,) = join([late, published], {"terbit": "terbit"}, INDEPENDENCE)
    assert (story.id, story.members[0].article) == ("terbit", "telat")
    (story,) = join([published], {"terbit": "sebelum"}, INDEPENDENCE)
    assert story.id == "sebelum"


def test_one_bridge_does_not_make_one_story_of_many() -> None:
    """A text that resembles two events joins at most one of them."""
    other = (
        "Ratusan warga Panjang mendatangi kantor kecamatan menuntut penghitungan ulang di 14 TPS. Massa bubar setelah "
        "camat berjanji meneruskan tuntutan kepada panitia pemilihan."
    )
    told = [fire("a", REPORT), fire("b", RETOLD, 1), fire("c", other, 2), fire("d", other.upper(), 3)]
    assert members(join(told, {}, INDEPENDENCE)) == [["a", "b"], ["c", "d"]]
    bridge = fire("e", f"{RETOLD[:110]} {other[:110]}", 4)
    joined = members(join([*told, bridge], {}, INDEPENDENCE))
    assert not any({"a", "c"} <= set(ids) for ids in joined)


def test_a_story_begins_on_the_day_of_its_place() -> None:
    """An article of 23.30 WIB on an event in Jayapura is of the next day there."""
    papua = (RegionTag(code="91.71", name="Kota Jayapura", role="peristiwa", score=1.0),)
    at = datetime(2024, 11, 20, 16, 30, tzinfo=NOW.tzinfo)
    article = article_of(REPORT, id="a", published_at=at, day=date(2024, 11, 20))
    (story,) = join([telling(article, tagging_of(article, regions=papua))], {}, INDEPENDENCE)
    assert story.day == date(2024, 11, 21)


def test_a_telling_survives_being_kept() -> None:
    """Written as bytes and read again it is the same, it is small, and stories do not need the articles."""
    told = [fire("a", " ".join([REPORT, text(1), text(2), text(3)])), fire("b", RETOLD, 1), fire("c", "", 2)]
    kept = [msgspec.msgpack.encode(one) for one in told]
    again = [msgspec.msgpack.decode(data, type=Telling) for data in kept]
    assert again == told
    assert max(map(len, kept)) < 5000
    assert join(again, {}, INDEPENDENCE) == join(told, {}, INDEPENDENCE)


def test_a_related_article_has_a_modality() -> None:
    """Without one there is nothing to say of it, which is a fault of whoever tagged it."""
    article = make("a", REPORT)
    with pytest.raises(ValueError, match="article a is tagged as related but has no modality"):
        telling(article, tagging_of(article, modality=None))


def test_place_day_and_theme_alone_are_no_event() -> None:
    """Two incidents of one kind in one city on one day are two stories."""
    other = "Massa melempari kantor panitia di Panjang, kaca jendela pecah. Polisi menangkap sembilan orang."
    assert len(join([fire("a", REPORT), fire("b", other, 1)], {}, INDEPENDENCE)) == 2
