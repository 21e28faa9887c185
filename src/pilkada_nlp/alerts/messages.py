"""What an alert says: what kind of statement it is, where, how serious, who says so, and what that rests on."""

from collections.abc import Sequence
from typing import Final

from pilkada_nlp.alerts.rules import Cause, headline
from pilkada_nlp.article.findings import Story, WatchlistEntry, WatchReason
from pilkada_nlp.classifiers.taxonomy import load_taxonomy
from pilkada_nlp.preprocessing.persons import mask_private
from pilkada_nlp.wording import Language, texts

LONGEST: Final = 1000  # characters of title and text together, which every channel shows in one piece
_TITLE: Final = 120
_URL: Final = 300  # a longer address is left out: cut it leads nowhere, whole it leaves no room
_SHOWN: Final = 3  # places, themes and outlets that are named before the rest is counted
_LISTED: Final = 90


class Message:
    """Title and text of an alert in one language."""

    def __init__(self, language: Language) -> None:
        self._texts = texts(language)
        self._words = self._texts["alert"]
        self._themes = load_taxonomy().names(language)

    def of_story(self, story: Story, cause: Cause) -> tuple[str, str]:
        """Return title and text about a story; the sentence is the one that decided, else the best, else the title."""
        words = self._words
        kind, nowhere = self._kind(story), words["nowhere"]
        places = self._list([place.name for place in story.regions]) or nowhere
        with_codes = self._list([f"{place.name} ({place.code})" for place in story.regions]) or nowhere
        severity = self._texts["explanation"]["severity_of"].format(severity=story.severity)
        outlets = list(dict.fromkeys(member.outlet for member in story.members))
        lines = [
            words["kind"].format(kind=kind),
            words["place"].format(places=with_codes),
            words["theme"].format(themes=self._list([self._theme(theme) for theme, _ in story.themes]) or "-"),
            words["severity"].format(severity=severity),
            words["sources"].format(count=story.sources),
            None,
            self._link(story),
            words["why"].format(why=self._rule(cause.rule)),
            words["based_on"].format(articles=len(story.members), outlets=self._list(outlets)),
        ]
        sentence = cause.sentence or next(iter(story.sentences), headline(story))
        title = _cut(f"{kind} · {places} · {severity}", _TITLE)
        return title, self._fill(lines, sentence.text, (sentence.speaker, sentence.outlet), LONGEST - len(title))

    def of_entry(self, entry: WatchlistEntry, reason: WatchReason, rule: str) -> tuple[str, str]:
        """Return title and text about an entry of the watchlist; `reason` is the story that is shown for it."""
        words = self._words
        level = self._texts["level"][entry.level]
        lines = [
            words["place"].format(places=f"{entry.region_name} ({entry.region})"),
            words["theme"].format(themes=self._theme(entry.theme)),
            words["level"].format(level=level, score=f"{entry.score:.1f}"),
            words["kind"].format(kind=self._kind(reason)),
            words["severity"].format(
                severity=self._texts["explanation"]["severity_of"].format(severity=reason.severity)
            ),
            words["sources"].format(count=reason.sources),
            None,
            reason.url if len(reason.url) <= _URL else "",
            words["why"].format(why=self._rule(rule)),
            words["based_on_entry"].format(stories=sum(1 for reason in entry.reasons if reason.weight > 0)),
        ]
        title = _cut(f"{words['watchlist']} · {entry.region_name} · {self._theme(entry.theme)} · {level}", _TITLE)
        if reason.sentences:
            said, by = reason.sentences[0].text, (reason.sentences[0].speaker, reason.sentences[0].outlet)
        else:
            said, by = mask_private(reason.title), (None, "")
        return title, self._fill(lines, said, by, LONGEST - len(title))

    def of_test(self, channel: str) -> tuple[str, str]:
        """Return title and text of a message that only shows that a channel works."""
        return self._words["test_title"], self._words["test_text"].format(channel=channel)

    def _kind(self, told: Story | WatchReason) -> str:
        """Return what kind of statement it is; an allegation never goes without saying that it is not proven."""
        if told.modality == "dugaan":
            return str(self._words["allegation"])
        kind = str(self._texts["modality"][told.modality]).upper()
        return f"{kind} ({self._texts['outcome'][told.outcome]})" if told.outcome else kind

    def _theme(self, theme: str) -> str:
        return self._themes.get(theme, theme)

    def _rule(self, rule: str) -> str:
        return str(self._words["rules"].get(rule) or self._words["watch"].format(name=_cut(rule, 60)))

    def _list(self, names: list[str]) -> str:
        shown = _cut(", ".join(names[:_SHOWN]), _LISTED)
        return f"{shown} {self._words['more'].format(count=len(names) - _SHOWN)}" if len(names) > _SHOWN else shown

    def _link(self, story: Story) -> str:
        """Return the address of the lead or, where that is too long, of another member."""
        urls = sorted((member.article != story.lead, member.url) for member in story.members)
        return next((url for _, url in urls if len(url) <= _URL), "")

    def _fill(self, lines: Sequence[str | None], said: str, by: tuple[str | None, str], room: int) -> str:
        """Return the lines, None among them replaced by what is said and by whom, cut to what is left of the room."""
        speakers = ", ".join(filter(None, by))
        quote = "“{}”" + (f" ({speakers})" if speakers else "")
        left = room - sum(len(line) + 1 for line in lines if line) - len(quote)
        quoted = quote.format(_cut(" ".join(said.split()), left)) if left > 0 else ""
        kept = [quoted if line is None else line for line in lines]
        return _cut("\n".join(line for line in kept if line), room)


def _cut(text: str, most: int) -> str:
    """Return a text that is no longer than `most` characters, ended at a word."""
    if len(text) <= most:
        return text
    start = text[: most - 1]
    return f"{start.rsplit(maxsplit=1)[0] if ' ' in start else start}…"
