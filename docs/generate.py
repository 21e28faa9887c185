"""Writes the parts of the pages that follow from the code: the help of every command, themes, schemas, and imports.

Each part stands in its page between `<!-- begin NAME -->` and `<!-- end NAME -->`. `make docs-reference` renews them
all, and tests/test_docs.py complains when one is out of date.
"""

import ast
import json
import re
from collections.abc import Callable, Iterator
from html import escape
from pathlib import Path
from typing import Any

import click
import msgspec
from tests.test_layout import RANKS, SOURCE

from pilkada_nlp.article import Article, Tagging
from pilkada_nlp.classifiers.taxonomy import load_taxonomy
from pilkada_nlp.cli import main
from pilkada_nlp.labelling import Labelling
from pilkada_nlp.summary import json_schema

DOCS = Path(__file__).parent
_WIDTH = 78  # of the help texts: what click uses on a terminal of 80 columns


def commands() -> str:
    """Return the help of the command, of every group and of every verb."""
    return "\n".join(f"## {' '.join(words)}\n\n```\n{_help(words, command)}\n```\n" for words, command in verbs())


def verbs(
    command: click.Command = main, words: tuple[str, ...] = ("pilkada",)
) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield the words and the command of everything that can be called, groups before what is in them."""
    yield words, command
    if isinstance(command, click.Group):
        for name, member in command.commands.items():
            yield from verbs(member, (*words, name))


def _help(words: tuple[str, ...], command: click.Command) -> str:
    context = click.Context(main, info_name=words[0], terminal_width=_WIDTH, max_content_width=_WIDTH)
    context.help_option_names = ["-h", "--help"]
    for word in words[1:]:
        context = click.Context(command, info_name=word, parent=context)
    return command.get_help(context)


def themes() -> str:
    """Return the themes with their names, definitions and borders."""
    groups = {"core": "Core", "stage": "Stage", "extension": "Extension"}
    lines = []
    for theme in load_taxonomy().themes:
        lines += [f"## {theme.id}", "", f"{theme.name['id']} · {theme.name['en']} · {groups[theme.group].lower()}", ""]
        lines += [theme.definition, ""]
        lines += [f"- {border}" for border in theme.borders]
        lines += ["", "*Law:* " + "; ".join(theme.law) + ".", ""] if theme.law else [""]
    return "\n".join(lines)


def schemas() -> str:
    """Return a table of fields for each object in the JSON of taggings, summaries and labels."""
    parts = []
    for title, words, schema in (
        ("Tagging", "One line of `pilkada tag --format jsonl`.", msgspec.json.schema(Tagging)),
        (
            "Article",
            "What `pilkada extract --format json` prints, and what the archive keeps.",
            msgspec.json.schema(Article),
        ),
        ("Labelling", "One line of a file of labels in our own form (`.jsonl`).", msgspec.json.schema(Labelling)),
        ("DailySummary", "The `.json` beside each summary.", json_schema()),
    ):
        objects = schema["$defs"]
        parts.append(f"## {title}\n\n{words}\n\n{_fields(objects[title], title)}")
        for name, shape in objects.items():
            if name != title and "properties" in shape:
                parts.append(f"### {name} {{ #{title.lower()}-{name.lower()} }}\n\n{_fields(shape, title)}")
    return "\n".join(parts)


def _fields(shape: dict[str, Any], page: str) -> str:
    """Return the description and the fields of an object of a JSON schema."""
    needed = set(shape.get("required", ()))
    rows = [
        f"| `{name}` | {_type(field, page)} | {'yes' if name in needed else _default(field)} |"
        for name, field in shape["properties"].items()
    ]
    words = " ".join(shape.get("description", "").split())
    return "\n".join([words, "", "| field | type | required, or else |", "|---|---|---|", *rows, ""])


def _default(field: dict[str, Any]) -> str:
    return f"`{json.dumps(field['default'])}`" if "default" in field else ""


def _type(field: dict[str, Any], page: str) -> str:
    """Return the type that a JSON schema gives a field, in words."""
    if "$ref" in field:
        name = field["$ref"].rpartition("/")[2]
        return f"[{name}](#{page.lower() if name == page else f'{page.lower()}-{name.lower()}'})"
    if "anyOf" in field:
        return " or ".join(_type(one, page) for one in field["anyOf"])
    if "enum" in field:
        return " or ".join(f"`{json.dumps(value)}`" for value in field["enum"])
    kind = str(field.get("type", "any"))
    if kind == "array" and "prefixItems" in field:
        return f"list of {', '.join(_type(one, page) for one in field['prefixItems'])}"
    if kind == "array":
        return f"list of {_type(field['items'], page)}" if field.get("items") else "list"
    if kind == "object" and isinstance(values := field.get("additionalProperties"), dict):
        return f"object of {_type(values, page)}" if values else "object"
    return f"{kind} ({field['format']})" if "format" in field else kind


def imports() -> str:
    """Return the order of imports as a picture: one row a rank, with what each module is for."""
    row, left, width = 46, 40, 760
    ranks = [sorted(names - {"_version", "__main__"}) for names in reversed(RANKS)]
    ranks = [names for names in ranks if names]
    height = row * len(ranks) + 8
    boxes = []
    for number, names in enumerate(ranks):
        top, step = 8 + row * number, (width - left) / len(names)
        for place, name in enumerate(names):
            boxes.append(
                f'<g><title>{escape(_purpose(name))}</title><rect x="{left + step * place:.0f}" y="{top}" '
                f'width="{step - 8:.0f}" height="30" rx="4"/><text x="{left + step * (place + 0.5) - 4:.0f}" '
                f'y="{top + 20}">{escape(name)}</text></g>'
            )
    label = "Modules by rank; each imports only from rows below its own"
    return (
        f'<svg class="imports" viewBox="0 0 {width} {height}" role="img" aria-label="{label}">\n'
        f'<path class="arrow" d="M16 8 V{height - 18} m-6 -8 l6 10 l6 -10"/>\n'
        + "\n".join(boxes)
        + "\n</svg>\n\n"
        + "\n".join(f"- `{name}`: {_purpose(name)}" for names in ranks for name in names)
    )


def _purpose(name: str) -> str:
    """Return the first sentence of the docstring of a stage."""
    path = SOURCE / name / "__init__.py" if (SOURCE / name).is_dir() else SOURCE / f"{name}.py"
    text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    return " ".join(text.split("\n\n")[0].split())


PARTS: dict[str, tuple[str, Callable[[], str]]] = {
    "commands": ("reference/command.md", commands),
    "themes": ("reference/taxonomy.md", themes),
    "schemas": ("reference/json.md", schemas),
    "imports": ("explanation/architecture.md", imports),
}


def renewed(name: str) -> tuple[Path, str]:
    """Return the page that holds a part, and its text with the part as it has to be now."""
    page, write = PARTS[name]
    path = DOCS / page
    pattern = re.compile(rf"(<!-- begin {name} -->\n).*?(<!-- end {name} -->)", re.DOTALL)
    text, count = pattern.subn(
        lambda found: f"{found[1]}\n{write().strip()}\n\n{found[2]}", path.read_text(encoding="utf-8")
    )
    if count != 1:
        raise SystemExit(f"{path}: has no place for {name}")
    return path, text


if __name__ == "__main__":
    for part in PARTS:
        target, renewed_text = renewed(part)
        target.write_text(renewed_text, encoding="utf-8")
