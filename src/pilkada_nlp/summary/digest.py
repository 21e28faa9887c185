"""The summary as plain text for a chat: few lines, most important first, cut into messages that a chat accepts."""

from collections.abc import Callable, Iterator
from typing import Final

from pilkada_nlp.article.findings import SYMBOLS, DailySummary, Sentence, Story
from pilkada_nlp.summary.cleaning import clean, is_web_address
from pilkada_nlp.summary.phrases import Phrases, coverage, long_date
from pilkada_nlp.summary.rendering import failure
from pilkada_nlp.wording import Language

_LIMIT: Final = 4096  # what Telegram takes, in its own count: code units of UTF-16
_LINE: Final = 600  # longer lines are cut, so that a line always fits into a message
_FOOT: Final = 20  # kept for "(12/13)" and the blank line above it
_STORIES: Final = 8
_ENTRIES: Final = 15


def digest(summary: DailySummary, language: Language = "id") -> list[str]:
    """Return the messages of a day, each of at most 4,096 UTF-16 code units, numbered when there are several.

    No line is divided between two messages.
    """
    phrases = Phrases(clean(summary), language)
    lines: list[str] = []
    for name, part in _PARTS.items():
        try:
            found = list(part(phrases))
        except Exception as error:  # whatever is wrong with one part, the others must reach the reader
            found = [failure(name, error, phrases)]
        if found:
            heading = [] if name == "header" else ["", phrases.part(name).upper()]
            lines += [*heading, *(_cut(line) for line in found)]
    messages = _messages(lines)
    if len(messages) == 1:
        return messages
    page = phrases.t["digest_page"]
    return [f"{text}\n\n{page.format(number=n, all=len(messages))}" for n, text in enumerate(messages, 1)]


def _header(p: Phrases) -> Iterator[str]:
    s = p.summary
    yield f"{p.title}: {long_date(s.day, p.language)}"
    if s.edition > 1:
        yield f"{p.t['edition'].format(edition=s.edition)}, {p.t['corrected']}"
        yield from (p.change(change) for change in s.changes[:5])
    if not s.closed:
        yield p.t["open_day_text"]
    if s.notice:
        yield s.notice
    stories_of = p.t["stories_of"].format(related=p.number(s.related), articles=p.number(s.articles))
    yield f"{p.number(s.stories)} {p.t['stories']} {stories_of}"
    yield f"{p.share(s.independent, s.stories)} {p.t['independent']}"
    yield coverage(s, p.language)
    for milestone in s.next[:1]:
        yield f"{p.milestone(milestone)}, {p.span(milestone)}: {p.until(milestone.first)}"
    if p.missing_list():
        yield p.missing_list()
    yield from (p.warning(drift) for drift in s.warnings)


def _headlines(p: Phrases) -> Iterator[str]:
    for headline in p.summary.headlines:
        story = p.stories.get(headline.story)
        if story:
            yield from _story(story, p, f"[{p.t['mark'][headline.mark]}] ", headline.sentence)
        elif headline.sentence:
            yield _quote(headline.sentence, p)
    if not p.summary.headlines:
        yield p.missing("headlines") or p.t["headlines_none"]


def _incidents(p: Phrases) -> Iterator[str]:
    """Yield what the headlines do not say already, and how many more there are."""
    told = {headline.story for headline in p.summary.headlines}
    fields = {
        "incidents": p.summary.incidents,
        "rulings": p.summary.rulings,
        "unconfirmed": p.summary.unconfirmed,
        "allegations": p.summary.allegations,
    }
    for field, stories in fields.items():
        if p.missing(field):
            yield p.missing(field)
        left = [story for story in stories if story.id not in told]
        if left and field == "unconfirmed":
            yield f"{p.t['unconfirmed']}:"
        for story in left[:_STORIES]:
            yield from _story(story, p)
        if len(left) > _STORIES:
            yield p.t["more_text"].format(count=p.number(len(left) - _STORIES))


def _watchlist(p: Phrases) -> Iterator[str]:
    high = p.listed("tinggi", "sedang")
    for entry in high[:_ENTRIES]:
        level = f"{SYMBOLS[entry.level]} {p.t['levels'][entry.level]}"
        yield f"{level}: {entry.region_name}, {p.theme(entry.theme)} {p.arrow(entry)}".rstrip()
        yield f"  {p.counts(entry)} · {entry.id}"
    if len(high) > _ENTRIES:
        yield p.t["more_text"].format(count=p.number(len(high) - _ENTRIES))
    low = p.listed("rendah")
    if low:
        yield p.t["low"].format(count=p.number(len(low)))
    if not p.summary.watchlist:
        yield p.missing("watchlist") or p.t["watchlist_none"]
    unseen = sum(state.level == "tanpa_data" for state in p.summary.regions)
    if unseen:
        yield p.t["no_data"].format(count=p.number(unseen))


def _open_cases(p: Phrases) -> Iterator[str]:
    if p.missing("open_cases"):
        yield p.missing("open_cases")
    if p.summary.open_cases:
        yield p.t["open_cases_note"]
    for case in p.summary.open_cases[:5]:
        expected = f"; {p.t['expected'].lower()} {p.day(case.expected)}" if case.expected else ""
        yield f"• {case.title}: {p.places(case.regions)}, {p.open_for(case)}{expected}"
    if len(p.summary.open_cases) > 5:
        yield p.t["more_text"].format(count=p.number(len(p.summary.open_cases) - 5))


def _potentials(p: Phrases) -> Iterator[str]:
    for field in ("potentials", "ahead"):
        if p.missing(field):
            yield p.missing(field)
    for story in p.summary.potentials[:3]:
        yield from _story(story, p)
    for milestone in p.summary.ahead[:5]:
        yield f"• {p.span(milestone)} ({p.until(milestone.first)}): {p.milestone(milestone)}, {p.where(milestone)}"


def _appeals(p: Phrases) -> Iterator[str]:
    for appeal in p.summary.appeals:
        if appeal.jump:
            yield (
                f"• {appeal.region_name or p.places(())}: {p.t['appeals_count'].lower()} {p.number(appeal.stories)}, "
                f"{p.t['appeals_usual'].lower()} {p.number(appeal.usual)} ({p.t['jump_mark']})"
            )


def _story(story: Story, p: Phrases, mark: str = "", sentence: Sentence | None = None) -> Iterator[str]:
    """Yield the lines of a story; what protects the people in it stands first, where no cut reaches it."""
    when = f", {p.when(story)}" if p.when(story) else ""
    status = f"; {p.status(story)}" if p.status(story) else ""
    yield f"• {mark}{story.title}"
    yield (
        f"  {p.kind(story).upper()}{status}; {p.themes(story.themes)}; {p.places(story.regions)}{when}; "
        f"{p.t['severity'].lower()} {story.severity}/4; {p.story_tellings(story)}; {story.id}"
    )
    for quoted in p.quotes(story, sentence):
        yield _quote(quoted, p)
    for member in p.links(story.members)[:1]:
        if is_web_address(member.url) and _units(member.url) < _LINE:
            yield f"  {member.url}"


def _quote(sentence: Sentence, p: Phrases) -> str:
    speaker = f"{p.attribution(sentence)}, " if p.attribution(sentence) else ""
    return f"  “{sentence.text}” — {speaker}{p.outlet(sentence.outlet)}"


_PARTS: Final[dict[str, Callable[[Phrases], Iterator[str]]]] = {
    "header": _header,
    "headlines": _headlines,
    "incidents": _incidents,
    "watchlist": _watchlist,
    "open_cases": _open_cases,
    "potentials": _potentials,
    "appeals": _appeals,
}


def _units(text: str) -> int:
    """Return the length of a text as chats count it: code units of UTF-16."""
    return len(text.encode("utf-16-le")) // 2


def _cut(line: str) -> str:
    if _units(line) <= _LINE:
        return line
    return line.encode("utf-16-le")[: 2 * (_LINE - 1)].decode("utf-16-le", "ignore").rstrip() + "…"


def _messages(lines: list[str]) -> list[str]:
    messages: list[list[str]] = [[]]
    size = 0
    for line in lines:
        units = _units(line) + 1
        if size + units > _LIMIT - _FOOT:
            messages.append([])
            size = 0
        if line or messages[-1]:  # no message begins with a blank line
            messages[-1].append(line)
            size += units
    return ["\n".join(message).rstrip() for message in messages if message]
