"""Labelling in the terminal: one article after another, each shown with the guess, each label stored as it is given."""

import shutil
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

import click
import msgspec

from pilkada_nlp.archive import Tagged
from pilkada_nlp.article import SOURCE_KINDS, ZONES, Evidence, Strength, Tagging
from pilkada_nlp.article.explanation import Explanation, Words
from pilkada_nlp.classifiers.taxonomy import load_taxonomy
from pilkada_nlp.cli.keys import Keys
from pilkada_nlp.cli.messages import language, say
from pilkada_nlp.cli.printing import harmless, heading
from pilkada_nlp.corpora import GUIDELINE, Labels
from pilkada_nlp.errors import InputError
from pilkada_nlp.labelling import Labelling, guessed
from pilkada_nlp.labelling.drafting import what_is_missing, with_modality, with_theme, without_election
from pilkada_nlp.labelling.taggings import labels_of
from pilkada_nlp.regions import region
from pilkada_nlp.watchlist.names import region_called

_LEAD: Final = 700  # characters; longer openings are read on with "a"
_TEXT: Final = 20_000  # characters shown of a whole text; no article of the press is longer
_SENTENCE: Final = 400  # characters of a sentence that is shown as evidence
_NARROWEST, _WIDEST = 40, 110  # columns; longer lines are hard to read
_MODALITIES: Final = {
    "k": "kejadian",
    "d": "dugaan",
    "p": "putusan",
    "o": "potensi",
    "i": "imbauan",
    "f": "fakta_proses",
    "c": "cek_fakta",
}
_OUTCOMES: Final = {"t": "terbukti", "x": "tidak_terbukti", "": None}
# Rule of the guideline -> the field that it is about, as `Words` calls it.
_FIELDS: Final = {"theme": "themes", "region": "regions"}


class Item(NamedTuple):
    """An article to label: why it was chosen, and what a person said of it before, if anybody did.

    `others` are the ids of the other articles of its story. `reasons` are those of a `Choice`, `why` has them in words.
    """

    tagged: Tagged
    others: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    why: str = ""
    said: Labelling | None = None


class Session:
    """Goes through articles and hands each label to `store` as soon as it is given; `labelled` counts them.

    All is said in the language of messages.
    """

    def __init__(
        self,
        items: Sequence[Item],
        store: Callable[[Labelling], None],
        *,
        by: str,
        clock: Callable[[], datetime],
        keys: Keys,
    ) -> None:
        self.labelled = 0
        self._items = list(items)
        self._store = store
        self._by = by
        self._clock = clock
        self._keys = keys
        self._themes = tuple(load_taxonomy().names("id"))
        self._language = language()
        self._words = Words(self._language)

    def run(self) -> None:
        """Show one article after another until the last, or until the person quits."""
        at = 0
        try:
            while at < len(self._items):
                step = self._one(at)
                if step is None:
                    return
                at += step
                if at == len(self._items) > 1 and self._is_back_wanted():
                    at -= 1
        except EOFError:
            click.echo()

    def _is_back_wanted(self) -> bool:
        """Ask after the last article, which a slip of the hand would else leave without a way back."""
        self._keys.forget()
        return self._keys.key(say("That was the last one: Enter ends, b goes back > ")).lower() == "b"

    def _one(self, at: int) -> int | None:
        """Have one article labelled, and return how far to go from it, None to go home."""
        item = self._items[at]
        draft = item.said.article.labels if item.said else labels_of(item.tagged.tagging)
        self._show(item, at, draft)
        self._keys.forget()  # keys that were meant for the article before store nothing here
        while True:
            match self._keys.key(say("Enter stores this, n no election, ? more keys > ")).lower():
                case "" | "y":
                    if missing := what_is_missing(draft):
                        for rule, detail in missing:
                            field = self._words.texts.get(_FIELDS.get(rule, rule), rule)
                            _tell(f"{say('not yet')}: {field}: {say(detail)}")
                        continue
                case "n":
                    draft = without_election(draft)
                case "k":
                    return 1
                case "b" if at:
                    return -1
                case "b":
                    _tell(say("this is the first one"))
                    continue
                case "q":
                    return None
                case "a":
                    click.echo(f"\n{_filled(_cut(item.tagged.article.text, _TEXT))}\n")
                    click.echo(self._said(say("What Enter stores"), draft))
                    continue
                case "m" | "t" | "r" | "s" | "o" as key:
                    changed = self._changed(key, item, draft)
                    if changed == draft:
                        _tell(say("nothing changed"))
                    else:
                        draft = changed
                        click.echo("\n" + self._said(say("You say"), draft))
                    continue
                case _:
                    click.echo(textwrap.indent(_help(), "  "))
                    continue
            self._keep(at, draft)
            return 1

    def _keep(self, at: int, labels: Labels) -> None:
        item = self._items[at]
        if item.said and (item.said.by, item.said.article.labels) == (self._by, labels):
            _tell(say("stored before, and unchanged"))
            click.echo()
            return
        guess = guessed(item.tagged.article, item.tagged.tagging)
        # Nobody marked the model's sentences, so they are no evidence of this label.
        labelling = msgspec.structs.replace(
            guess,
            article=msgspec.structs.replace(guess.article, labels=labels),
            by=self._by,
            at=self._clock(),
            guideline=GUIDELINE,
            evidence=(),
            meta={"guess": item.tagged.tagging.model, "reasons": list(item.reasons)},
        )
        self._store(labelling)
        self.labelled += 1
        self._items[at] = item._replace(said=labelling)
        if labels.mod:
            modality = self._words.modality[labels.mod]
            _tell(say(f"stored: {modality}, severity {labels.sev}"))
        else:
            _tell(say("stored: about no election"))
        if item.others and labels != guess.article.labels:
            others = " ".join(item.others)
            _tell(say(f"the others of its story keep what they say; to label them: pilkada label {others}"))
        click.echo()

    def _changed(self, key: str, item: Item, draft: Labels) -> Labels:
        """Return the labels as the person changes one field of them."""
        changes: Mapping[str, Callable[[Item, Labels], Labels]] = {
            "m": self._modality,
            "t": self._themed,
            "r": self._placed,
            "s": self._severity,
            "o": self._speaker,
        }
        return changes[key](item, draft)

    def _modality(self, item: Item, draft: Labels) -> Labels:
        modality = self._chosen(_MODALITIES, self._words.modality, say("Kind of statement"))
        if modality is None:
            return draft
        outcome = None
        if modality == "putusan":
            outcome = self._chosen(_OUTCOMES, self._words.outcome, say("How it ended, Enter if not said"))
        return with_modality(draft, item.tagged.article, modality, outcome)

    def _themed(self, item: Item, draft: Labels) -> Labels:
        numbered = {str(number): theme for number, theme in enumerate(self._themes, 1)}
        for number, theme in numbered.items():
            mark = "p" if theme in draft.pokok else "s" if theme in draft.sebutan else " "
            line = f"  {number:>2}{mark} {self._words.theme(theme)}"
            click.echo(line if mark == " " else heading(line))
        _tell(say("2p makes number 2 a main theme, 2s one that is only named, -2 takes it away"))
        _tell(say("Themes, with spaces between (Enter to keep)") + ":")
        changed = draft
        for word in self._keys.line("  > ").lower().split():
            number = word.strip("-ps")
            strengths: dict[str, Strength | None] = {f"{number}p": "pokok", f"{number}s": "sebutan", f"-{number}": None}
            if number not in numbered or word not in strengths:
                _tell(say(f"{word} is no number of a theme with p or s behind it or - before"))
                return draft
            changed = with_theme(changed, item.tagged.article, numbered[number], strengths[word])
        return changed

    def _placed(self, _item: Item, draft: Labels) -> Labels:
        while True:
            _tell(say("All places of the event, with commas (- for none, Enter to keep)") + ":")
            names = [name.strip() for name in self._keys.line("  > ").split(",") if name.strip()]
            if not names:
                return draft
            try:
                codes = [] if names == ["-"] else [region_called(name).code for name in names]
            except InputError as error:
                _tell(say(error))
                continue
            return msgspec.structs.replace(draft, regions=tuple(dict.fromkeys(codes)))

    def _severity(self, _item: Item, draft: Labels) -> Labels:
        numbers = {str(number): number for number in range(5)}
        severity = self._chosen(numbers, {}, say("Severity, 4 is gravest"))
        return draft if severity is None else msgspec.structs.replace(draft, sev=severity)

    def _speaker(self, _item: Item, draft: Labels) -> Labels:
        kinds = {str(number): kind for number, kind in enumerate(SOURCE_KINDS, 1)}
        kind = self._chosen(kinds, self._words.texts["source"], say("Kind of source"))
        return draft if kind is None else msgspec.structs.replace(draft, kind=kind)

    def _chosen(self, choices: Mapping[str, Any], words: Mapping[str, str], what: str) -> Any:
        """Return what the next key stands for, None where it stands for nothing."""
        listed = [f"{key} {words[value]}" if value in words else key for key, value in choices.items() if key]
        # No line is broken between a key and what it stands for.
        shown = textwrap.fill("  ".join(one.replace(" ", "\xa0") for one in listed), _width() - 4).replace("\xa0", " ")
        click.echo(f"  {what}:\n{textwrap.indent(shown, '    ')}")
        return choices.get(self._keys.key("  > ").lower())

    # What is shown

    def _show(self, item: Item, at: int, draft: Labels) -> None:
        article, tagging = item.tagged.article, item.tagged.tagging
        facts = [say(f"{at + 1} of {len(self._items)}"), article.id, article.outlet, str(article.day), item.why]
        lines = [_filled("── " + " · ".join(filter(None, facts)), "", "   ")]
        lines.append(heading(_filled(_cut(article.title, _LEAD))))
        lines.append(f"{harmless(article.url)[:_LEAD]}\n")
        lines.append(_filled(_cut(article.text, _LEAD)))
        if quoted := list(self._quoted(tagging)):
            lines += ["", heading(say("What the model goes by") + ":"), *quoted]
        lines += [*self._nearly(tagging), ""]
        if item.said:
            lines.append(self._said(say(f"Label by {item.said.by}, {_in_wib(item.said.at)}"), draft))
        else:
            lines.append(self._said(say("The model says"), draft, tagging))
        click.echo("\n".join(lines))

    def _quoted(self, tagging: Tagging) -> Iterator[str]:
        """Yield the sentences that carry the guess, each once with all that it carries."""
        carried: dict[tuple[str, int], tuple[Evidence, list[str]]] = {}
        judged = [(self._words.theme(tag.theme), mark) for tag in tagging.themes for mark in tag.evidence]
        if modality := tagging.modality:
            judged += [(self._words.modality[modality.value], mark) for mark in modality.evidence]
        for name, mark in judged:
            carried.setdefault((mark.field, mark.start), (mark, []))[1].append(name)
        for mark, names in carried.values():
            yield _filled(f"{', '.join(names)}: {_cut(mark.text, _SENTENCE)}", "  > ", "    ")

    def _nearly(self, tagging: Tagging) -> Iterator[str]:
        """Yield the themes that the model left out and is not sure about."""
        for near in Explanation(tagging=tagging, language=self._language).dict()["near"]:
            score = self._words.number(near["score"], ".2f")
            yield _filled(f"{near['name']} {score}: {say('left out by the model')}, {near['why']}", "  ? ", "    ")

    def _said(self, who: str, labels: Labels, tagging: Tagging | None = None) -> str:
        """Return labels in words, with the model's probabilities where it is the model that says so.

        In front of a field stands the key that changes it.
        """
        words, texts = self._words, self._words.texts
        sure = self._probabilities(tagging) if tagging else {}
        themes = [f"{words.theme(theme)}{sure.get(theme, '')}" for theme in labels.pokok]
        only = texts["strength"]["sebutan"]
        themes += [f"{words.theme(theme)}{sure.get(theme, '')} ({only})" for theme in labels.sebutan]
        modality = f"{words.modality[labels.mod]}{sure.get('modality', '')}" if labels.mod else ""
        if labels.mod_secondary:
            modality += "; " + texts["second"].format(modality=words.modality[labels.mod_secondary])
        about = texts["election"].get(labels.election) or texts["related" if labels.rel else "unrelated"]
        rows = [
            (" ", texts["relevance"], about + sure.get("relevant", "")),
            ("m", texts["modality"], modality or "-"),
            (" ", texts["outcome"], words.outcome[labels.outcome] if labels.outcome else ""),
            (" ", texts["case_stage"], texts["stage"][labels.case_stage] if labels.case_stage else ""),
            ("t", texts["themes"], "; ".join(themes) or texts["no_themes"]),
            ("r", texts["regions"], _places(labels.regions) + sure.get("regions", "")),
            ("s", texts["severity"], texts["severity_of"].format(severity=labels.sev)),
            ("o", texts["source_kind"], texts["source"][labels.kind]),
        ]
        wide = max(len(name) for _, name, _ in rows) + 2
        shown = [_filled(value, f"  {key} {name:{wide}}", " " * (wide + 4)) for key, name, value in rows if value]
        return "\n".join([heading(f"{who}:"), *shown])

    def _probabilities(self, tagging: Tagging) -> dict[str, str]:
        """Return judgement -> its probability, with a word where the model itself asks for a person."""
        relevant = tagging.relevant
        scores = {"relevant": relevant.score if relevant.value else 1 - relevant.score}
        scores |= {tag.theme: tag.score for tag in tagging.themes}
        if tagging.modality:
            scores["modality"] = tagging.modality.score
        shown = {name: f" {self._words.number(score, '.2f')}" for name, score in scores.items()}
        for name in tagging.review:
            field = name.removeprefix("themes.")
            shown[field] = f"{shown.get(field, '')} ({say('unsure')})"
        return shown


def _help() -> str:
    return say(
        "Enter  store what is shown; y does too\n"
        "n      store that it is about no election\n"
        "m t r s o\n"
        "       change the field behind the letter\n"
        "a      read all of the text\n"
        "k      skip this article\n"
        "b      back to the one before\n"
        "q      quit; what was stored stays"
    )


def _tell(text: str) -> None:
    click.echo(_filled(text, "  "))


def _in_wib(moment: datetime | None) -> str:
    return f"{moment.astimezone(ZONES['Asia/Jakarta'][1]):%Y-%m-%d %H:%M} WIB" if moment else "-"


def _places(codes: Sequence[str]) -> str:
    return "; ".join(f"{region(code).name} ({code})" for code in codes) or "-"


def _cut(text: str, most: int) -> str:
    """Return text of at most so many characters, cut between two words."""
    return text if len(text) <= most else (text[:most].rsplit(None, 1) or [""])[0] + " …"


def _filled(text: str, first: str = "", rest: str | None = None) -> str:
    """Return text in lines that fit the terminal, paragraphs kept apart, and nothing in it that could steer one."""
    indent = " " * len(first) if rest is None else rest
    paragraphs = [" ".join(part.split()) for part in harmless(text).split("\n\n")]
    return "\n\n".join(
        textwrap.fill(part, _width(), initial_indent=first, subsequent_indent=indent) for part in paragraphs if part
    )


def _width() -> int:
    return max(_NARROWEST, min(_WIDEST, shutil.get_terminal_size().columns - 1))
