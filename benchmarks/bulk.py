"""News in bulk: an archive of any size and the pages of one more day, made of the sentences of the corpus.

A fortnight is made article by article, and tagged, told and joined by the package itself; an archive is that fortnight
again and again, further back each time, under other addresses. What is compared when a day is added lies within one
fortnight, so no text meets its own repetition. Places are drawn for each event and texts moved there (`transplant`), so
nothing in them ever happened; they are measured on and never leave the temporary folder.
"""

import random
import re
import shutil
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from html import escape
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec
import sqlalchemy as sa

import pilkada_nlp.archive.tables as t
from benchmarks.press import LEFT_OUT
from benchmarks.transplant import transplanted
from pilkada_nlp.archive import Archive, Judged
from pilkada_nlp.article import ZONES, Article, Outlet, Page, Tagging, article_id
from pilkada_nlp.article.findings import Story
from pilkada_nlp.classifiers import load_tagger
from pilkada_nlp.corpora import LabelledArticle, read_corpus
from pilkada_nlp.preprocessing import sentences
from pilkada_nlp.regions import region
from pilkada_nlp.regions.gazetteer import gazetteer
from pilkada_nlp.stories import Telling, join, local_day, telling
from pilkada_nlp.watchlist import load_weights

DAYS: Final = 14  # of the news that is repeated: as many as stories are joined over
A_DAY: Final = 5000  # articles
RELATED: Final = 0.4  # share of them that are about elections
OUTLETS: Final = 40
_CORPUS: Final = Path(__file__).parents[1] / "corpora" / "berita"
_PRINTED: Final = (1, 1, 1, 1, 1, 2, 2, 3, 6)  # newsrooms that print an event, one of these
_WHOLE: Final = 0.6  # share of those that print it word for word; others shorten it
_NATIONAL: Final = 0.2  # share of the events without a place
_BATCH: Final = 5000  # rows written at once
_NAME = re.compile(r"(?<=[a-z,] )[A-Z][a-z]{3,}")
_MENU: Final = "".join(f'<li><a href="/kanal/{at}/">Kanal {at}</a></li>' for at in range(120))
_SCRIPT: Final = (
    "<script>" + "".join(f"window.setelan{at}={{aktif:true,nomor:{at}}};" for at in range(600)) + "</script>"
)


class _Told(NamedTuple):
    title: str
    paragraphs: list[str]
    outlet: int
    at: datetime


class _Fortnight(NamedTuple):
    articles: list[Article]
    judged: list[Judged]
    stories: list[Story]


def outlets(feeds: Sequence[str] = ()) -> list[Outlet]:
    """Return the outlets that all articles come from, half of them local, with `feeds` in order if there are any."""
    places = sorted(code for code in _voting() if code.endswith(".01"))
    return [
        Outlet(
            id=f"kabar-{number}",
            name=f"Kabar {number}",
            home=f"https://kabar-{number}.example/",
            kind="local" if number % 2 else "national",
            regions=(places[number % len(places)],) if number % 2 else (),
            feeds=tuple(feeds[number : number + 1]),
            pace=0.0,
            allow_private=True,
        )
        for number in range(OUTLETS)
    ]


def pages(day: date, count: int, related: float) -> Iterator[Page]:
    """Yield so many pages of a day, of about 60 kB each; `related` is the share that is about elections."""
    for nth, told in enumerate(_day_of_news(day, count, related)):
        outlet = f"kabar-{told.outlet}"
        url = f"https://{outlet}.example/{day:%Y/%m/%d}/{nth:05}"
        yield Page(
            requested_url=url,
            url=url,
            outlet=outlet,
            fetched_at=told.at + timedelta(minutes=15),
            status=200,
            content_type="text/html; charset=utf-8",
            body=_html(told, url).encode(),
            announced_at=told.at,
        )


def make_archives(folder: Path, last: date, sizes: Sequence[int]) -> None:
    """Make an archive of so many fortnights for each of `sizes`, as `folder`/size/a.db.

    The newest fortnight of all of them is the same and ends with the day `last`.
    """
    days = [last - timedelta(days=back) for back in range(DAYS)]
    with ProcessPoolExecutor(2) as pool:
        made = [pair for some in pool.map(_judged_day, days) for pair in some]
    judged = [one for _, one in made]
    stories = join((one.telling for one in judged if one.telling), {}, load_weights().independence)
    news = _Fortnight([article for article, _ in made], judged, stories)
    path = folder / "growing.db"
    for back in range(max(sizes)):
        archive = Archive(f"sqlite:///{path}")
        _write(archive, news, back)
        archive.close()
        if back + 1 in sizes:
            copy = folder / str(back + 1) / "a.db"
            copy.parent.mkdir()
            shutil.copy(path, copy)
    path.unlink()


def _day_of_news(day: date, count: int, related: float) -> Iterator[_Told]:
    """Yield the articles of a day, the same for the same day."""
    rng = random.Random(f"{day} {related}")  # noqa: S311  # made-up texts, not secrets
    elections = round(count * related)
    written = 0
    while written < count:
        about = written < elections
        title, lines = _event(day, rng) if about else _other_news(rng)
        printed = min(rng.choice(_PRINTED) if about else 1, (elections if about else count) - written)
        for outlet in rng.sample(range(OUTLETS), printed):
            kept = lines if rng.random() < _WHOLE else [lines[0], *rng.sample(lines[1:], len(lines) * 2 // 3)]
            paragraphs = [" ".join(kept[at : at + 2]) for at in range(0, len(kept), 2)]
            start = datetime.combine(day, time(rng.randrange(5, 22), rng.randrange(60)), ZONES["Asia/Jakarta"][1])
            yield _Told(title, paragraphs, outlet, start.astimezone(UTC))
        written += printed


def _event(day: date, rng: random.Random) -> tuple[str, list[str]]:
    """Return title and sentences of an event: two texts on one theme, put together and moved to one place."""
    if rng.random() < _NATIONAL:
        theme = rng.choice(sorted(_models(True)))
        one, other = rng.choices(_models(True)[theme], k=2)
        title, lines = _mixed((one.title, one.text), other.text, rng)
        names = {name: rng.choice(_names()) for name in _NAME.findall(" ".join([title, *lines]))}
        told = [_NAME.sub(lambda found: names[found[0]], line) for line in (title, *lines)]
        return told[0], told[1:]
    there = rng.choice(_voting())
    theme = rng.choice(sorted(_models(False)))
    one, other = rng.choices(_models(False)[theme], k=2)
    title, text, more = (
        transplanted(said, model.labels.regions[0], there, model.date, day)
        for said, model in ((one.title, one), (one.text, one), (other.text, other))
    )
    return _mixed((title, text), more, rng)


def _other_news(rng: random.Random) -> tuple[str, list[str]]:
    """Return title and sentences of an article about no election."""
    one, other = rng.choices(_unrelated(), k=2)
    return _mixed((one.title, one.text), other.text, rng)


def _mixed(one: tuple[str, str], other: str, rng: random.Random) -> tuple[str, list[str]]:
    """Return the title of one text with its opening and half of the sentences of both."""
    opening, *rest = _lines(one[1])
    more = [*rest, *_lines(other)[1:]]
    return one[0], [opening, *rng.sample(more, max(len(more) // 2, 1))]


def _lines(text: str) -> list[str]:
    return [sentence.text for paragraph in text.split("\n\n") for sentence in sentences(paragraph)]


@cache
def _corpus() -> Sequence[LabelledArticle]:
    return [model for model in read_corpus([_CORPUS]) if len(_lines(model.text)) > 5]


@cache
def _models(national: bool) -> Mapping[str, Sequence[LabelledArticle]]:
    """Return theme -> texts on elections, those of one regency or those without a region."""
    found: dict[str, list[LabelledArticle]] = {}
    for model in _corpus():
        places = model.labels.regions
        fits = not places if national else len(places) == 1 and "." in places[0]
        if model.labels.rel and model.labels.pokok and fits:
            found.setdefault(model.labels.pokok[0], []).append(model)
    return found


@cache
def _unrelated() -> Sequence[LabelledArticle]:
    return [model for model in _corpus() if not model.labels.rel]


@cache
def _names() -> Sequence[str]:
    return [name for model in _corpus() for name in _NAME.findall(model.text)]


@cache
def _voting() -> Sequence[str]:
    return sorted(code for code in gazetteer().regions if "." in code and region(code).province not in LEFT_OUT)


def _html(told: _Told, url: str) -> str:
    """Return a page as outlets make them: little text among menus, scripts and links to other articles."""
    title = escape(told.title)
    others = "".join(f'<div class="kartu"><a href="/lain/{at}"><h3>Judul lain {at}</h3></a></div>' for at in range(60))
    return (
        f'<!DOCTYPE html><html lang="id"><head><meta charset="utf-8"><title>{title}</title>{_SCRIPT}'
        f'<link rel="canonical" href="{url}"><meta property="og:title" content="{title}">'
        f'<meta property="article:published_time" content="{told.at.isoformat()}"></head><body>'
        f'<nav><ul>{_MENU}</ul></nav><article><h1>{title}</h1><div class="entry-content">'
        + "".join(f"<p>{escape(paragraph)}</p>" for paragraph in told.paragraphs)
        + f"</div></article><aside>{others}</aside>{_SCRIPT}<footer><ul>{_MENU}</ul></footer></body></html>"
    )


# ---------------------------------------------------------------- the archive


def _judged_day(day: date) -> list[tuple[Article, Judged]]:
    """Return the articles of a day as the daily job would store them."""
    articles = []
    for nth, told in enumerate(_day_of_news(day, A_DAY, RELATED)):
        outlet = f"kabar-{told.outlet}"
        url = f"https://{outlet}.example/{day:%Y/%m/%d}/{nth:05}"
        article = Article(
            id=article_id(url),
            url=url,
            outlet=outlet,
            title=told.title,
            text="\n\n".join(told.paragraphs),
            day=told.at.astimezone(ZONES["Asia/Jakarta"][1]).date(),
            fetched_at=told.at + timedelta(minutes=15),
            published_at=told.at,
            published_on=day,
        )
        articles.append(article)
    taggings = load_tagger().tag(articles)
    return [(article, _judged(article, tagging)) for article, tagging in zip(articles, taggings, strict=True)]


def _judged(article: Article, tagging: Tagging) -> Judged:
    day = local_day(article.published_at, tagging.places(), article.day)
    return Judged(tagging, day, telling(article, tagging) if tagging.relevant.value else None)


def _write(archive: Archive, news: _Fortnight, back: int) -> None:
    """Write the fortnight as that of so many fortnights earlier."""
    shift = timedelta(days=DAYS * back)

    def again(key: str) -> str:
        return f"{(int(key, 16) + back * 0x9E3779B97F4A7C15) % (1 << 64):016x}"  # as many other ids

    def url(address: str) -> str:
        return f"{address}/{back}" if back else address

    def article(old: Article) -> Article:
        moved = {"fetched_at": old.fetched_at - shift, "published_at": old.published_at and old.published_at - shift}
        return msgspec.structs.replace(old, id=again(old.id), url=url(old.url), day=old.day - shift, **moved)

    def told(old: Telling) -> Telling:
        shown = tuple(msgspec.structs.replace(s, article=again(s.article), url=url(s.url)) for s in old.sentences)
        moved = {"at": old.at - shift, "published_at": old.published_at and old.published_at - shift}
        return msgspec.structs.replace(
            old, article=again(old.article), url=url(old.url), day=old.day - shift, sentences=shown, **moved
        )

    def story(old: Story) -> Story:
        members = tuple(
            msgspec.structs.replace(
                m, article=again(m.article), url=url(m.url), joined_to=m.joined_to and again(m.joined_to)
            )
            for m in old.members
        )
        shown = tuple(msgspec.structs.replace(s, article=again(s.article), url=url(s.url)) for s in old.sentences)
        return msgspec.structs.replace(
            old,
            id=again(old.id),
            day=old.day - shift,
            published_at=old.published_at and old.published_at - shift,
            lead=again(old.lead),
            members=members,
            sentences=shown,
            follows=old.follows and again(old.follows),
        )

    articles = {old.id: article(old) for old in news.articles}
    stories = [story(old) for old in news.stories]
    days = {one.tagging.id: one.day - shift for one in news.judged}
    rows: tuple[tuple[sa.Table, Iterable[dict[str, Any]]], ...] = (
        (t.pages, map(_page_row, articles.values())),
        (
            t.articles,
            (
                {
                    **{name: getattr(new, name) for name in ("id", "url", "outlet", "title", "fetched_at")},
                    "day": days[old],
                    "tagged_by": news.judged[0].tagging.model,
                    "data": msgspec.json.encode(new),
                }
                for old, new in articles.items()
            ),
        ),
        (
            t.tags,
            (
                {
                    "article": articles[one.tagging.id].id,
                    "model": one.tagging.model,
                    "related": one.tagging.relevant.value,
                    "data": msgspec.json.encode(msgspec.structs.replace(one.tagging, id=articles[one.tagging.id].id)),
                }
                for one in news.judged
            ),
        ),
        (
            t.tellings,
            (
                {
                    "article": again(one.tagging.id),
                    "day": one.day - shift,
                    "joined": True,
                    "data": msgspec.msgpack.encode(told(one.telling)),
                }
                for one in news.judged
                if one.telling
            ),
        ),
        (t.stories, ({"id": one.id, "day": one.day, "data": msgspec.json.encode(one)} for one in stories)),
        (t.members, ({"article": member.article, "story": one.id} for one in stories for member in one.members)),
    )
    with archive._guarded() as connection:
        for table, some in rows:
            waiting = list(some)
            for at in range(0, len(waiting), _BATCH):
                connection.execute(sa.insert(table), waiting[at : at + _BATCH])


def _page_row(article: Article) -> dict[str, Any]:
    """Return the page that an article came from, without its menus and scripts: it is not read again."""
    return {
        "id": article.id,
        "part": 1,
        "requested_url": article.url,
        "url": article.url,
        "outlet": article.outlet,
        "fetched_at": article.fetched_at,
        "announced_at": article.published_at,
        "status": 200,
        "content_type": "text/html; charset=utf-8",
        "body": zlib.compress(article.text.encode()),
        "extracted": True,
    }
