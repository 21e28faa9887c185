"""Results as cards in a notebook: HTML that needs nothing else, light or dark as its page is, all text escaped.

The templates stand in `templates/cards/`. Addresses become links only when they are http or https.
"""

import functools
from datetime import date
from functools import singledispatch
from typing import TYPE_CHECKING, Any, Final

from pilkada_nlp.article import Article, Tagging
from pilkada_nlp.article.explanation import Words, highlighted
from pilkada_nlp.article.findings import SYMBOLS, DailySummary, Story, Watchlist, WatchlistEntry
from pilkada_nlp.wording import Language, template_environment, texts

if TYPE_CHECKING:
    import jinja2

_LANGUAGE: Final[Language] = "id"  # a notebook asks for a card without saying in which language
_QUOTES: Final = 3  # sentences of evidence on the card of a tagging


@singledispatch
def card(value: object) -> str:
    """Return `value` as an HTML fragment."""
    raise TypeError(f"there is no card for {type(value).__name__}")


@card.register
def _tagging(value: Tagging) -> str:
    words = Words(_LANGUAGE)
    found = value.explain(_LANGUAGE).dict()
    judged = [(found["modality"]["evidence"] if found["modality"] else [], "")]
    judged += [(tag["evidence"], tag["theme"]) for tag in found["themes"]]
    quotes: dict[tuple[str, int], list[tuple[str, str]]] = {}  # a sentence that carries several judgements stands once
    for evidence, theme in ((one, theme) for group, theme in judged for one in group):
        quotes.setdefault((evidence["field"], evidence["start"]), highlighted(words, evidence, theme))
    why = [entry["why"] for entry in found["review"]]
    return filled("tagging", value, quotes=list(quotes.values())[:_QUOTES], why=why, places_of=value.places())


@card.register
def _article(value: Article) -> str:
    return filled("article", value)


@card.register
def _story(value: Story) -> str:
    return filled("story", value)


@card.register
def _entry(value: WatchlistEntry) -> str:
    return filled("entry", value)


@card.register
def _watchlist(value: Watchlist) -> str:
    return filled("watchlist", value)


@card.register
def _summary(value: DailySummary) -> str:
    return filled("summary", value, read=sum(source.read for source in value.sources))


def filled(name: str, value: object, **more: object) -> str:
    """Return the template `cards/<name>.html.j2` filled with `value` and `more`."""
    words = Words(_LANGUAGE)
    everything = texts(_LANGUAGE)
    return _template(name).render(
        value=value,
        language=_LANGUAGE,
        t=everything,
        x=everything["explanation"],
        c=everything["cards"],
        symbols=SYMBOLS,
        theme=words.theme,
        number=words.number,
        day=functools.partial(_day, everything),
        **more,
    )


def _day(words: dict[str, Any], day: date) -> str:
    return f"{day.day} {words['months'][str(day.month)]} {day.year}"


@functools.cache
def _template(name: str) -> "jinja2.Template":
    return template_environment().get_template(f"cards/{name}.html.j2")
