"""A summary as a page, as Markdown, as JSON: words and layout, never new facts.

Each part of the summary has a template of its own for the page and one for Markdown (`templates/summary/`). A part that
cannot be rendered says so in its place, and the others stand.
"""

import functools
import re
from typing import TYPE_CHECKING, Any, Final, Literal

import msgspec
from markupsafe import Markup

from pilkada_nlp.article.findings import LEVELS, SYMBOLS, DailySummary, short_name
from pilkada_nlp.summary import pictures
from pilkada_nlp.summary.cleaning import clean, is_web_address, markdown, markdown_url
from pilkada_nlp.summary.phrases import PARTS, Phrases, coverage, long_date
from pilkada_nlp.summary.tables import entries_csv, stories_csv
from pilkada_nlp.wording import Language, template_environment

if TYPE_CHECKING:
    import jinja2

_NAMES: Final[dict[Language, str]] = {"id": "ringkasan", "en": "summary"}


def base_name(summary: DailySummary, language: Language) -> str:
    """Return what the names of all files of a day begin with, such as "ringkasan-2024-11-21"."""
    return f"{_NAMES[language]}-{summary.day}"


def render(summary: DailySummary, language: Language = "id") -> dict[str, str]:
    """Return file ending -> text: "html", "md", "json", "entries.csv" and "stories.csv".

    The same summary always gives the same text. The JSON holds exactly what the summary does; from the others, control
    characters and signs that turn the direction of text are taken out.
    """
    safe = clean(summary)
    phrases = Phrases(safe, language)
    return {
        "html": _page(phrases, "html"),
        "md": re.sub(r"\n{3,}", "\n\n", _page(phrases, "md")).strip() + "\n",
        "json": (msgspec.json.format(msgspec.json.encode(summary), indent=2) + b"\n").decode(),
        "entries.csv": entries_csv(phrases),
        "stories.csv": stories_csv(phrases),
    }


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of the summary's JSON, as published in `data/summary.schema.json` (`make schema`)."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **msgspec.json.schema(DailySummary)}


def _page(phrases: Phrases, kind: Literal["html", "md"]) -> str:
    summary = phrases.summary
    environment = _environment()
    fields: dict[str, Any] = {
        "s": summary,
        "p": phrases,
        "t": phrases.t,
        "base": base_name(summary, phrases.language),
        "date": long_date(summary.day, phrases.language),
        "coverage": coverage(summary, phrases.language),
        "homes": _homes(summary),
        "levels": LEVELS,
        "symbols": SYMBOLS,
        "pictures": pictures,
    }

    def part(name: str) -> str:
        try:
            text = environment.get_template(f"summary/{name}.{kind}.j2").render(fields)
        except Exception as error:  # whatever is wrong with one part, the others must reach the reader
            text = environment.get_template(f"summary/failed.{kind}.j2").render(
                fields, text=failure(name, error, phrases)
            )
        return Markup(text) if kind == "html" else text  # noqa: S704  # the template has escaped it

    fields["parts"] = {name: part(name) for name in PARTS}
    return environment.get_template(f"summary/page.{kind}.j2").render(fields)


def failure(name: str, error: Exception, phrases: Phrases) -> str:
    """Return the sentence that stands where a part should be."""
    return f"{phrases.part(name)}: {phrases.t['missing'].format(why=clean(f'{type(error).__name__}, {error}'))}"


def _homes(summary: DailySummary) -> dict[str, str]:
    """Return story -> the block that carries its anchor: a page has an anchor once, a story may be listed twice."""
    blocks = {
        "debunked": summary.debunked,
        "potentials": summary.potentials,
        "allegations": summary.allegations,
        "unconfirmed": summary.unconfirmed,
        "happened": summary.incidents + summary.rulings,
    }
    return {story.id: block for block, stories in blocks.items() for story in stories}


@functools.cache
def _environment() -> "jinja2.Environment":
    environment = template_environment()
    environment.tests["web_address"] = is_web_address
    environment.filters["md"] = markdown
    environment.filters["md_url"] = markdown_url
    environment.filters["code"] = lambda text: str(text).replace("`", "'").replace("|", "¦")
    environment.filters["anchor"] = lambda text: re.sub(r"[^\w./-]", "-", text)
    environment.filters["short_name"] = short_name
    return environment
