"""Watches: what a person wants to be told about at once, from a file of his own, and what makes them fire.

[[watches]]
name = "kotak suara Berau"
regions = ["64.03", "Kota Samarinda"]     # codes or names; a province covers its regencies; none: everywhere
themes = ["logistik", "keamanan"]         # ids of the taxonomy; none: any
modalities = ["kejadian", "dugaan"]       # none: any
severity = 2                              # the least; 1 unless given, so that appeals stay out
keywords = ["pembakaran", "kotak suara"]  # any of them, in every form of its words ("dibakar")
people = ["Ketua KPU Berau"]              # any of them, word by word as written
threshold = "tinggi"                      # look at entries of the watchlist from this level or score on
notify = ["telegram"]                     # channels of the configuration
"""

import tomllib
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Final, Literal

import msgspec

from pilkada_nlp.article import MODALITIES, ModalityValue
from pilkada_nlp.article.findings import Level, Story, WatchlistEntry, WatchReason
from pilkada_nlp.errors import ConfigError, InputError
from pilkada_nlp.preprocessing import Word, read
from pilkada_nlp.watchlist.names import covers, one_of, region_called, theme_called

_LEVELS: Final[tuple[Level, ...]] = ("rendah", "sedang", "tinggi")


class Watch(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One watch; every condition that is given must hold, of `regions`, `themes`, `keywords` … any one.

    `regions` are codes. Without `threshold` stories make it fire; with one, entries of the watchlist from that score or
    level on, where the other conditions hold for one of the entry's reasons. `notify` names channels.
    """

    name: str
    notify: tuple[str, ...]
    regions: tuple[str, ...] = ()
    themes: tuple[str, ...] = ()
    modalities: tuple[ModalityValue, ...] = ()
    severity: int = 1
    keywords: tuple[str, ...] = ()
    people: tuple[str, ...] = ()
    threshold: float | Literal["rendah", "sedang", "tinggi"] | None = None


def load_watches(path: Path) -> tuple[Watch, ...]:
    """Return the watches of a file, names of regions turned into codes.

    Raises ConfigError naming the file, the watch and the field, with similar words where one is unknown.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read as a file of watches ({error})", path) from error
    if unknown := sorted(set(content) - {"watches"}):
        raise ConfigError(f"{path}: {', '.join(unknown)}: only [[watches]] belong in it", path)
    rows = content.get("watches")
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ConfigError(
            f"{path}: no [[watches]] in it; write one, or take watches_file out of the configuration", path
        )
    watches: dict[str, Watch] = {}
    for number, row in enumerate(rows, 1):
        name = row.get("name") or f"number {number}"
        try:
            watch = _checked(row)
        except (InputError, msgspec.ValidationError) as error:
            raise ConfigError(f"{path}: watch {name}: {error}", path) from error
        if watch.name in watches:
            raise ConfigError(f"{path}: watch {name}: name: stands twice; give one of them another", path)
        watches[watch.name] = watch
    return tuple(watches.values())


def _checked(row: dict[str, Any]) -> Watch:
    """Return a row as a watch; InputError or ValidationError naming the field that is wrong."""
    for field in row:
        one_of(field, Watch.__struct_fields__, "field")
    _each(row, "modalities", lambda word: one_of(word, MODALITIES, "modality"))
    if isinstance(row.get("threshold"), str):
        _each(row, "threshold", lambda word: one_of(word, _LEVELS, "level"))
    codes = _each(row, "regions", lambda name: region_called(name).code)
    themes = _each(row, "themes", theme_called)
    watch = msgspec.structs.replace(msgspec.convert(row, Watch), regions=codes, themes=themes)
    if not watch.name.strip():
        raise InputError("is empty; name the watch", "name")
    if not watch.notify:
        raise InputError("is empty; name a channel of the configuration", "notify")
    if not 0 <= watch.severity <= 4:
        raise InputError(f"{watch.severity} is not between 0 and 4", "severity")
    _each(row, "keywords", _forms)
    _each(row, "people", _forms)
    return watch


def _each(row: dict[str, Any], field: str, judge: Callable[[str], Any]) -> tuple[Any, ...]:
    """Return what `judge` makes of the texts of a field; its InputError gets the name of the field in front."""
    given = row.get(field, ())
    texts = [given] if isinstance(given, str) else given if isinstance(given, list) else []
    try:
        return tuple(judge(text) for text in texts if isinstance(text, str))
    except InputError as error:
        raise InputError(str(error), field) from error


def fired(
    watch: Watch, stories: Iterable[Story], entries: Iterable[WatchlistEntry]
) -> tuple[Story | WatchlistEntry, ...]:
    """Return the stories that make a watch fire, or the entries where it has a threshold, in the order given.

    Stories on national elections only make none fire, nor do entries that an analyst muted.
    """
    if watch.threshold is None:
        return tuple(
            story
            for story in stories
            if story.election != "pemilu"
            and _fits_place(watch, [place.code for place in story.regions], [theme for theme, _ in story.themes])
            and _fits(watch, story)
        )
    return tuple(
        entry
        for entry in entries
        if not (entry.decision and entry.decision.action == "mute")
        and _reaches(entry, watch.threshold)
        and _fits_place(watch, [entry.region], [entry.theme])
        and any(_fits(watch, reason) for reason in entry.reasons if reason.weight)
    )


def _reaches(entry: WatchlistEntry, threshold: float | str) -> bool:
    if isinstance(threshold, str):
        return entry.level in _LEVELS[_LEVELS.index(threshold) :]
    return entry.score >= threshold


def _fits_place(watch: Watch, codes: Sequence[str], themes: Sequence[str]) -> bool:
    somewhere = not watch.regions or any(covers(region, code) for region in watch.regions for code in codes)
    return somewhere and (not watch.themes or not set(watch.themes).isdisjoint(themes))


def _fits(watch: Watch, told: Story | WatchReason) -> bool:
    if told.severity < watch.severity or (watch.modalities and told.modality not in watch.modalities):
        return False
    if not watch.keywords and not watch.people:
        return True
    texts = [_words(text) for text in (told.title, *(sentence.text for sentence in told.sentences))]
    return (not watch.keywords or any(_stands_in(texts, keyword, _akin) for keyword in watch.keywords)) and (
        not watch.people or any(_stands_in(texts, person, _same) for person in watch.people)
    )


def _words(text: str) -> list[Word]:
    return [word for sentence in read(text) for word in sentence.words]


def _forms(text: str) -> list[Word]:
    """Return the words to look for; InputError when there are none."""
    if not (words := _words(text)):
        raise InputError("holds no word; write one", text)
    return words


def _stands_in(texts: Iterable[Sequence[Word]], wanted: str, alike: Callable[[Word, Word], bool]) -> bool:
    """Return whether the words of `wanted` stand side by side in one of the texts."""
    sought = _words(wanted)
    return any(
        all(map(alike, sought, text[at : at + len(sought)]))
        for text in texts
        for at in range(len(text) - len(sought) + 1)
    )


def _same(one: Word, other: Word) -> bool:
    return one.form == other.form


def _akin(one: Word, other: Word) -> bool:
    return one.form == other.form or one.stem == other.stem
