"""The summary of a day: gathered as one value, rendered as HTML, Markdown and JSON, written in one piece."""

import os
import re
import tempfile
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import msgspec

from pilkada_nlp._version import __version__
from pilkada_nlp.article import Article, ModalityValue, Rejection, Tagging, local_time
from pilkada_nlp.article.findings import (
    AppealCount,
    DailySummary,
    SourceState,
    Story,
    StoryMember,
    WatchlistEntry,
    WatchReason,
)
from pilkada_nlp.classifiers.taxonomy import load_taxonomy
from pilkada_nlp.errors import OutputError
from pilkada_nlp.regions import region
from pilkada_nlp.watchlist import load_weights
from pilkada_nlp.wording import Language, template_environment, texts

_NATIONAL: Final = ""
_FILE_NAMES: Final[Mapping[Language, str]] = {"id": "ringkasan", "en": "summary"}
_COUNTED: Final = ("kejadian", "dugaan", "putusan", "potensi", "imbauan")
_INDEPENDENT_FROM: Final = 0.75  # below this a story rests on paid texts, releases or parties alone


def build_summary(
    day: date,
    *,
    sources: Sequence[SourceState],
    articles: Sequence[Article],
    taggings: Mapping[str, Tagging],
    stories: Sequence[Story],
    watchlist: Sequence[WatchlistEntry],
    set_aside: Sequence[Rejection],
    model: str,
    notice: str | None = None,
) -> DailySummary:
    """Return the summary of `day` from its articles, their taggings, and the stories and watchlist that stand on them.

    Stories count for the day when one of their articles does; those on national elections only are not listed.
    """
    todays = {article.id for article in articles}
    told = [story for story in stories if todays & {member.article for member in story.members}]
    told.sort(key=lambda story: (-story.severity, -story.independence, -len(story.members), story.id))
    regional = [story for story in told if story.election != "pemilu"]

    def of(modality: ModalityValue) -> tuple[Story, ...]:
        return tuple(story for story in regional if story.modality == modality)

    return DailySummary(
        day=day,
        edition=1,
        closed=True,
        changes=(),
        corrections=(),
        stage=(),
        next=(),
        headlines=(),
        unconfirmed=(),
        regions=(),
        muted=(),
        open_cases=(),
        ahead=(),
        sources=tuple(sources),
        articles=len(articles),
        related=sum(taggings[article.id].relevant.value for article in articles if article.id in taggings),
        review=sum(bool(taggings[article.id].review) for article in articles if article.id in taggings),
        stories=len(told),
        independent=sum(story.independence >= _INDEPENDENT_FROM for story in told),
        incidents=of("kejadian"),
        rulings=of("putusan"),
        allegations=of("dugaan"),
        potentials=of("potensi"),
        debunked=of("cek_fakta"),
        watchlist=tuple(watchlist),
        appeals=_appeals(of("imbauan")),
        set_aside=dict(sorted(Counter(rejection.reason for rejection in set_aside).items())),
        model=model,
        taxonomy=load_taxonomy().version,
        version=__version__,
        notice=notice,
    )


def _appeals(stories: Sequence[Story]) -> tuple[AppealCount, ...]:
    names: dict[str, str] = {}
    found: defaultdict[str, list[Story]] = defaultdict(list)
    for story in stories:
        for place in story.regions:
            names[place.code] = place.name
            found[place.code].append(story)
        if not story.regions:
            names[_NATIONAL] = ""
            found[_NATIONAL].append(story)
    counts = [
        AppealCount(
            region=code,
            region_name=names[code],
            stories=len(group),
            not_independent=sum(story.independence < _INDEPENDENT_FROM for story in group),
        )
        for code, group in found.items()
    ]
    return tuple(sorted(counts, key=lambda count: (-count.stories, count.region)))


def coverage(summary: DailySummary, language: Language) -> str:
    """Return how many sources could be read, as a sentence such as "31 dari 40 sumber terbaca."."""
    read = sum(source.read for source in summary.sources)
    key = "coverage" if read else "coverage_none"
    return str(texts(language)[key]).format(read=read, all=len(summary.sources))


def render(summary: DailySummary, language: Language = "id") -> dict[str, str]:
    """Return the summary as {"html": …, "md": …, "json": …}; the same summary always gives the same text."""
    environment = template_environment()
    environment.tests["web_address"] = lambda url: url.startswith(("https://", "http://"))
    environment.filters["md"] = lambda text: re.sub(r"([\\`*_\[\]<>|#])", r"\\\1", " ".join(str(text).split()))
    environment.filters["md_url"] = lambda url: quote(url, safe=":/?&=%#+,;@~.-_[]")
    words = _Words(summary, language)
    fields = words.fields()
    return {
        "html": environment.get_template("summary.html.j2").render(fields),
        "md": environment.get_template("summary.md.j2").render(fields),
        "json": msgspec.json.format(msgspec.json.encode(summary), indent=2).decode() + "\n",
    }


class _Words:
    """Turns the values of a summary into phrases of one language, for both templates."""

    def __init__(self, summary: DailySummary, language: Language) -> None:
        self._summary = summary
        self._language = language
        self._texts = texts(language)
        self._names = load_taxonomy().names(language)
        self._outlets = {source.outlet: source.name for source in summary.sources}

    def fields(self) -> dict[str, Any]:
        """Return everything that the templates name."""
        summary, words = self._summary, self._texts
        return {
            "lang": self._language,
            "t": words,
            "s": summary,
            "date": long_date(summary.day, self._language),
            "coverage": coverage(summary, self._language),
            "volume": words["volume"].format(**msgspec.structs.asdict(summary)),
            "watchlist_note": words["watchlist_note"].format(days=load_weights().window_days),
            "method": words["method_text"].format(**msgspec.structs.asdict(summary)),
            "down": [source for source in summary.sources if not source.read],
            "names": defaultdict(str, self._names),
            "sections": [
                ("incidents", summary.incidents, True),
                ("rulings", summary.rulings, True),
                ("allegations", summary.allegations, True),
                ("potentials", summary.potentials, False),
                ("debunked", summary.debunked, False),
            ],
            "places": self.places,
            "when": self.when,
            "themes": self.themes,
            "source": self.source,
            "counts": self.counts,
            "number": self.number,
            "appeal": self.appeal,
            "reason_text": self.reason,
            "down_text": self.down,
        }

    def places(self, story: Story) -> str:
        return ", ".join(place.name for place in story.regions) or str(self._texts["national"])

    def when(self, story: Story) -> str:
        """Return when the story was first published, in the time of its region, "" when no page says so."""
        zone = region(story.regions[0].code).zone if story.regions else "Asia/Jakarta"
        return local_time(story.published_at, zone) if story.published_at else ""

    def themes(self, story: Story) -> str:
        main = [theme for theme, strength in story.themes if strength == "pokok"]
        return ", ".join(self._names.get(theme, theme) for theme in main) or str(self._texts["no_theme"])

    def source(self, member: StoryMember) -> str:
        return self._outlets.get(member.outlet, member.outlet)

    def counts(self, entry: WatchlistEntry) -> str:
        return "/".join(str(entry.counts.get(modality, 0)) for modality in _COUNTED)

    def number(self, value: float) -> str:
        return f"{value:.1f}".replace(".", "," if self._language == "id" else ".")

    def appeal(self, count: AppealCount) -> str:
        return str(self._texts["appeal_line"]).format(**msgspec.structs.asdict(count))

    def reason(self, reason: WatchReason) -> str:
        age = self._texts["age_days"].format(days=reason.age_days) if reason.age_days else self._texts["age_today"]
        return f"{self._texts['modality'][reason.modality]}, {age}, +{self.number(reason.weight)}"

    def down(self, source: SourceState) -> str:
        """Return why an outlet could not be read."""
        reason = self._texts["reasons"][source.reason] if source.reason else ""
        return f"{reason}: {source.detail}" if source.detail else str(reason)


def long_date(day: date, language: Language) -> str:
    """Return a date as people write it, such as "Kamis, 21 November 2024"."""
    words = texts(language)
    return f"{words['days'][day.weekday()]}, {day.day} {words['months'][str(day.month)]} {day.year}"


def write_summary(summary: DailySummary, out: Path, language: Language = "id") -> list[Path]:
    """Write the three renderings into `out` and return their paths; each file is replaced whole or not at all.

    Raises OutputError when a file cannot be written.
    """
    paths = []
    for ending, text in render(summary, language).items():
        path = out / f"{_FILE_NAMES[language]}-{summary.day}.{ending}"
        try:
            out.mkdir(parents=True, exist_ok=True)
            _replace(path, text.encode("utf-8"))
        except OSError as error:
            raise OutputError(f"cannot be written ({error.strerror or error})", path) from error
        paths.append(path)
    return paths


def _replace(path: Path, content: bytes) -> None:
    handle, name = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
    fresh = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        fresh.chmod(0o644)
        fresh.replace(path)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise
