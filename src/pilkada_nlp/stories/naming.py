"""Where an article names themes that it is not about: a risk map lists ten regencies and as many risks."""

from collections.abc import Iterator

from pilkada_nlp.article import Article, Evidence, Tagging
from pilkada_nlp.article.findings import NamedTheme, Sentence
from pilkada_nlp.preprocessing.persons import mask_private
from pilkada_nlp.regions import find_regions


def named_themes(article: Article, tagging: Tagging) -> tuple[NamedTheme, ...]:
    """Return the themes that the article only names, each with the sentences that name it and where it does.

    Private persons stand by initials in the sentences.
    """
    places = {place.code for place in tagging.places()}
    found = []
    for theme in tagging.themes:
        marks = [mark for mark in theme.evidence if mark.field == "text"] if theme.strength == "sebutan" else []
        if marks:
            near = {code for mark in marks for code in _near(article.text, mark)} if len(places) > 1 else set()
            found.append(
                NamedTheme(
                    theme=theme.theme,
                    regions=tuple(sorted(near & places)),
                    sentences=tuple(_sentence(article, mark) for mark in marks),
                )
            )
    return tuple(found)


def _near(text: str, mark: Evidence) -> Iterator[str]:
    """Yield the codes of the regions in the paragraph of a sentence."""
    first, last = text.rfind("\n", 0, mark.start) + 1, text.find("\n", mark.end)
    for place in find_regions(text[first : last if last >= 0 else None]):
        yield place.code


def _sentence(article: Article, mark: Evidence) -> Sentence:
    return Sentence(
        article=article.id,
        outlet=article.outlet,
        url=article.url,
        start=mark.start,
        end=mark.end,
        text=mask_private(mark.text, f"{article.title}\n{article.text}"),
        modality=mark.modality,
    )
