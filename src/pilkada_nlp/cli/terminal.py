"""Labelling in the terminal: one article after another, each shown with the guess, each label stored as it is given."""

import os
import shutil
import sys
import termios
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

import click
import msgspec

from pilkada_nlp.archive import Tagged
from pilkada_nlp.article import SOURCE_KINDS, Evidence, Strength, Tagging
from pilkada_nlp.classifiers.taxonomy import load_taxonomy
from pilkada_nlp.cli.printing import harmless, heading, shown_time
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
_WIDEST: Final = 110  # columns; longer lines are hard to read
_KEYS: Final = (
    "Enter or y  store what is shown        n  it is about no election\n"
    "m  modality     t  themes              r  regions     s  severity     o  who speaks\n"
    "a  all of the text                     k  skip it     b  back to the one before\n"
    "q  quit (what was stored stays)        ?  these keys"
)
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


class Item(NamedTuple):
    """An article to label: why it was chosen, and what a person said of it before, if anybody did.

    `others` are the ids of the other articles of its story.
    """

    tagged: Tagged
    others: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    said: Labelling | None = None


class Keys:
    """What a person types: single keys in a terminal; lines where the input is a pipe, an empty one for Enter.

    EOFError where the input ends (Ctrl-D), KeyboardInterrupt at Ctrl-C.
    """

    def __init__(self) -> None:
        self._terminal = sys.stdin.isatty()
        self._typed = ""  # a quick hand may have typed several keys before the first is read

    def key(self, prompt: str) -> str:
        """Return the next key, "" for Enter; a key that is no character, such as an arrow, comes as a longer text."""
        click.echo(prompt, nl=False)
        if not self._terminal:
            return self._line()
        if not self._typed:
            typed = _pressed(sys.stdin.fileno())
            if typed.startswith("\x1b"):
                click.echo()
                return typed
            self._typed = typed
        key, self._typed = self._typed[0], self._typed[1:]
        if key == "\x04":
            raise EOFError
        click.echo(key if key.isprintable() else "")
        return "" if key in "\r\n" else key

    def line(self, prompt: str) -> str:
        """Return a line without its end."""
        if not self._terminal:
            click.echo(prompt, nl=False)
            return self._line()
        typed, self._typed = self._typed, ""
        return (typed + input(prompt + typed)).strip()

    def _line(self) -> str:
        typed = sys.stdin.readline()
        click.echo()
        if not typed:
            raise EOFError
        return typed.strip()


def _pressed(terminal: int) -> str:
    """Return what was typed since the last time, at least one key, without waiting for the end of the line.

    `click.getchar` throws away what was typed before it was asked, which a quick hand would have to type again.
    """
    before = termios.tcgetattr(terminal)
    single = [*before[:3], before[3] & ~(termios.ECHO | termios.ICANON), *before[4:]]
    termios.tcsetattr(terminal, termios.TCSADRAIN, single)
    try:
        return os.read(terminal, 64).decode("utf-8", "replace") or "\x04"
    finally:
        termios.tcsetattr(terminal, termios.TCSADRAIN, before)


class Session:
    """Goes through articles and hands each label to `store` as soon as it is given; `labelled` counts them."""

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
        self._themes = load_taxonomy().names("id")

    def run(self) -> None:
        """Show one article after another until the last, or until the person quits."""
        at = 0
        try:
            while at < len(self._items):
                step = self._one(at)
                if step is None:
                    return
                at += step
        except EOFError:
            click.echo()

    def _one(self, at: int) -> int | None:
        """Have one article labelled, and return how far to go from it, None to go home."""
        item = self._items[at]
        draft = item.said.article.labels if item.said else labels_of(item.tagged.tagging)
        self._show(item, f"{at + 1} of {len(self._items)}", draft)
        while True:
            match self._keys.key("[Enter] right  n m t r s o a k b q ? > "):
                case "" | "y":
                    if missing := what_is_missing(draft):
                        click.echo("\n".join(f"  not yet: {one}" for one in missing))
                        continue
                case "n":
                    draft = without_election(draft)
                case "k":
                    return 1
                case "b" if at:
                    return -1
                case "b":
                    click.echo("  this is the first one")
                    continue
                case "q":
                    return None
                case "a":
                    click.echo(_filled(item.tagged.article.text[:_TEXT]))
                    continue
                case "m" | "t" | "r" | "s" | "o" as key:
                    changed = self._changed(key, item, draft)
                    if changed != draft:
                        draft = changed
                        click.echo(self._said("You say", draft))
                    continue
                case _:
                    click.echo(textwrap.indent(_KEYS, "  "))
                    continue
            self._keep(at, draft)
            return 1

    def _keep(self, at: int, labels: Labels) -> None:
        item = self._items[at]
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
        click.echo(f"  stored: {f'{labels.mod}, severity {labels.sev}' if labels.rel else 'about no election'}")
        if item.others and labels != guess.article.labels:
            click.echo("  the others of its story keep what they say; to label them: pilkada label", nl=False)
            click.echo("".join(f" {key}" for key in item.others))
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
        modality = self._chosen(_MODALITIES, "modality")
        if modality is None:
            return draft
        outcome = self._chosen(_OUTCOMES, "how it ended, Enter if not said") if modality == "putusan" else None
        return with_modality(draft, item.tagged.article, modality, outcome)

    def _themed(self, item: Item, draft: Labels) -> Labels:
        numbered = {str(number): theme for number, theme in enumerate(self._themes, 1)}
        for number, theme in numbered.items():
            mark = "pokok" if theme in draft.pokok else "sebutan" if theme in draft.sebutan else ""
            click.echo(f"  {number:>2} {self._themes[theme]:45.45} {mark}")
        typed = self._keys.line("  3p is pokok, 3s sebutan, -3 none (several with spaces) > ")
        for word in typed.split():
            number = word.strip("-ps")
            strengths: dict[str, Strength | None] = {f"{number}p": "pokok", f"{number}s": "sebutan", f"-{number}": None}
            if number not in numbered or word not in strengths:
                click.echo(f"  {harmless(word)}: is no number of a theme with p, s or -; nothing more was changed")
                return draft
            draft = with_theme(draft, item.tagged.article, numbered[number], strengths[word])
        return draft

    def _placed(self, _item: Item, draft: Labels) -> Labels:
        typed = self._keys.line("  all places of the event, with commas (- for none, Enter to keep) > ")
        names = [name.strip() for name in typed.split(",") if name.strip()]
        if not names:
            return draft
        try:
            codes = [] if names == ["-"] else [region_called(name).code for name in names]
        except InputError as error:
            click.echo(f"  {harmless(str(error))}")
            return draft
        return msgspec.structs.replace(draft, regions=tuple(dict.fromkeys(codes)))

    def _severity(self, _item: Item, draft: Labels) -> Labels:
        severity = self._chosen({str(number): number for number in range(5)}, "severity, 4 is gravest")
        return draft if severity is None else msgspec.structs.replace(draft, sev=severity)

    def _speaker(self, _item: Item, draft: Labels) -> Labels:
        kind = self._chosen({str(number): kind for number, kind in enumerate(SOURCE_KINDS, 1)}, "who speaks")
        return draft if kind is None else msgspec.structs.replace(draft, kind=kind)

    def _chosen(self, choices: Mapping[str, Any], what: str) -> Any:
        """Return what the next key stands for, None where it stands for nothing."""
        listed = "  ".join(f"{key} {value}" if str(value) != key else key for key, value in choices.items() if key)
        key = self._keys.key(f"  {what}: {listed} > ")
        if key not in choices:
            click.echo("  nothing changed")
        return choices.get(key)

    # What is shown

    def _show(self, item: Item, count: str, draft: Labels) -> None:
        article, tagging = item.tagged.article, item.tagged.tagging
        facts = [count, article.id, article.outlet, str(article.day), ", ".join(item.reasons)]
        lines = ["── " + " · ".join(filter(None, map(harmless, facts)))]
        lines.append(heading(_filled(article.title[:_LEAD])))
        lines.append(f"{harmless(article.url)[:_LEAD]}\n")
        lead = article.text[:_LEAD]
        lines.append(_filled(lead) + (" …" if len(article.text) > _LEAD else ""))
        if quoted := list(self._quoted(tagging)):
            lines += ["", *quoted]
        lines.append("")
        if item.said:
            lines.append(self._said(f"{item.said.by} said {shown_time(item.said.at)}", draft))
        else:
            lines.append(self._said("The model says", draft, tagging))
        click.echo("\n".join(lines))

    def _quoted(self, tagging: Tagging) -> Iterator[str]:
        """Yield the sentences that carry the guess, each once with all that it carries."""
        carried: dict[tuple[str, int], tuple[Evidence, list[str]]] = {}
        judged = [(tag.theme, mark) for tag in tagging.themes for mark in tag.evidence]
        if modality := tagging.modality:
            judged += [(modality.value, mark) for mark in modality.evidence]
        for name, mark in judged:
            carried.setdefault((mark.field, mark.start), (mark, []))[1].append(name)
        for mark, names in carried.values():
            yield _filled(f"{', '.join(names)}: {mark.text[:_SENTENCE]}", "  > ")

    def _said(self, who: str, labels: Labels, tagging: Tagging | None = None) -> str:
        """Return labels in words, with the model's probabilities where it is the model that says so."""
        sure = _probabilities(tagging) if tagging else {}
        if not labels.rel:
            return heading(f"{who}: ") + f"about no election{sure.get('relevant', '')}"
        themes = [f"{self._themes.get(theme, theme)}{sure.get(theme, '')}" for theme in labels.pokok]
        themes += [f"{self._themes.get(theme, theme)} (only named)" for theme in labels.sebutan]
        rows = {
            "election": f"{labels.election or '?'}{sure.get('relevant', '')}",
            "modality": f"{labels.mod or '?'}{sure.get('modality', '')}",
            "beside it": labels.mod_secondary,
            "outcome": labels.outcome,
            "stage": labels.case_stage,
            "themes": "; ".join(themes) or "none",
            "regions": "; ".join(f"{region(code).name} ({code})" for code in labels.regions) or "none",
            "severity": f"{labels.sev} of 4",
            "who speaks": labels.kind,
        }
        shown = [_filled(value, f"  {name:12}", " " * 14) for name, value in rows.items() if value]
        return "\n".join([heading(f"{who}:"), *shown])


def _probabilities(tagging: Tagging) -> dict[str, str]:
    """Return judgement -> its probability, with "?" where the model itself asks for a person."""
    scores = {"relevant": tagging.relevant.score, **{tag.theme: tag.score for tag in tagging.themes}}
    if tagging.modality:
        scores["modality"] = tagging.modality.score
    unsure = {name.removeprefix("themes.") for name in tagging.review}
    return {name: f" {score:.2f}{' ?' if name in unsure else ''}" for name, score in scores.items()}


def _filled(text: str, first: str = "", rest: str | None = None) -> str:
    """Return text in lines that fit the terminal, paragraphs kept apart, and nothing in it that could steer one."""
    width = max(40, min(_WIDEST, shutil.get_terminal_size().columns - 1))
    indent = " " * len(first) if rest is None else rest
    paragraphs = [" ".join(part.split()) for part in harmless(text).split("\n\n")]
    return "\n\n".join(
        textwrap.fill(part, width, initial_indent=first, subsequent_indent=indent) for part in paragraphs if part
    )
