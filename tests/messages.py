"""Which messages the code can say: templates such as "not an article ({error})", read from the source by its syntax.

A message is what an exception is raised with, what is handed to one of the functions in `SAYERS`, and what a function
in `TELLERS` returns or yields. An f-string becomes a template; where it has a choice (`a if b else c`, `a or "b"`, a
name that is given several texts in the same function), each choice makes one.
"""

import ast
import functools
import itertools
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

SOURCE: Final = Path(__file__).parents[1] / "src" / "pilkada_nlp"

# Function -> which of its arguments is a message, by place or name. A method counts by its own name.
SAYERS: Final[dict[str, tuple[int | str, ...]]] = {
    "complain": (0,),
    "add_note": (0,),
    "tell": (0,),
    "say": (0,),
    "one_of": (2,),
    "print_rows": (2,),
    "print_table": (1,),
    "progress": (0,),
    "info": (0,),
    "warning": (0,),
    "error": (0,),
    "fail": (0, 2),  # of a type of click, and of a desk of sources
    "_Wrong": (1,),
    "_complaint": (3,),
    "_alone": (0,),
    "_refuse": (1,),
    "Receipt": (0,),
    "Refusal": (1, "detail"),
    "Rejection": ("detail",),
    "SourceState": ("detail",),
    "replace": ("detail",),
    "_reject": (3,),
    "_rejection": (0,),
    "_rejected": (1,),
    "Skipped": (0, 1),
    "Problem": (2,),
}
# Functions whose texts are messages, or parts of them (of a pair the last is), and tables with rows that hold messages.
TELLERS: Final[dict[str, tuple[str, ...]]] = {
    "alerts/courier.py": ("_CAUSES",),
    "archive/database.py": ("_advice",),
    "cli/watch.py": ("_decided", "_heading"),
    "corpora.py": ("label_problems", "_article_problems"),
    "doctor.py": ("_trouble",),
    "labelling/drafting.py": ("what_is_missing",),
    "labelling/label_studio.py": ("_unfit",),
    "labelling/vocabulary.py": ("near",),
    "scrapers/outlets.py": ("_problem",),
    "scrapers/sources/listing.py": ("check_template",),
}
# What gives back the words of others: of an error, of a server, of a log record.
FOREIGN: Final = ("str", "say", "_plain", "_status")
# Lists that gather messages: `needs.append(…)`.
GATHERERS: Final = {"needs", "stale"}
# Faults of a program that uses the package, not of what a person gave.
_PROGRAMMERS: Final = {"AttributeError", "TypeError", "NotImplementedError", "KeyError"}
_BUILTINS: Final = {
    "len",
    "str",
    "repr",
    "sorted",
    "min",
    "max",
    "int",
    "sum",
    "list",
    "type",
    "getattr",
    "ord",
    "get_args",
}

Piece = tuple[bool, str]  # (whether it is a placeholder, its name or the literal text)


@functools.cache
def templates() -> dict[str, str]:
    """Return template -> where it arises ("config.py:61") for all messages of the package."""
    found: dict[str, str] = {}
    for path in sorted(SOURCE.rglob("*.py")):
        name = path.relative_to(SOURCE).as_posix()
        for template, line in _of_module(ast.parse(path.read_text(encoding="utf-8")), TELLERS.get(name, ())):
            found.setdefault(template, f"{name}:{line}")
    return found


def out_of_sight() -> list[str]:
    """Return the places where a message is made by a function whose texts are not collected."""
    found = []
    for path in sorted(SOURCE.rglob("*.py")):
        name = path.relative_to(SOURCE).as_posix()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            for said in _said(node):
                maker = said.func.id if isinstance(said, ast.Call) and isinstance(said.func, ast.Name) else ""
                if maker and maker not in (*FOREIGN, *TELLERS.get(name, ())):
                    found.append(f"{name}:{said.lineno}: {maker}(…)")
    return found


def _of_module(module: ast.Module, tellers: tuple[str, ...]) -> Iterator[tuple[str, int]]:
    functions = [node for node in ast.walk(module) if isinstance(node, ast.FunctionDef)]
    inner = {id(node): function for function in functions for node in ast.walk(function)}  # the innermost comes last
    for node in ast.walk(module):
        scope = inner.get(id(node))
        for said in _said(node):
            for template in _templates(said, scope):
                yield template, said.lineno
    for table in module.body:
        if isinstance(table, ast.AnnAssign | ast.Assign) and _called(_target(table)) in tellers and table.value:
            for row in ast.walk(table.value):
                for text in row.elts if isinstance(row, ast.Tuple) else ():
                    if _is_text(text):
                        for template in _templates(text, None):
                            yield template, text.lineno
    for function in functions:
        if function.name in tellers:
            for node in ast.walk(function):
                if isinstance(node, ast.Return | ast.Yield) and node.value is not None:
                    for template in _told(node.value, function):
                        yield template, node.lineno


def _target(table: ast.AnnAssign | ast.Assign) -> ast.expr:
    return table.target if isinstance(table, ast.AnnAssign) else table.targets[0]


def _said(node: ast.AST) -> Iterator[ast.expr]:
    """Yield the messages in a call."""
    if not isinstance(node, ast.Call):
        return
    name = _called(node.func)
    if name == "__init__" or (name.endswith("Error") and name not in _PROGRAMMERS) or name in _CLICK:
        yield from node.args[:1]
    elif name == "append" and isinstance(node.func, ast.Attribute) and _called(node.func.value) in GATHERERS:
        yield from node.args
    elif name in SAYERS:
        given = {keyword.arg: keyword.value for keyword in node.keywords}
        for place in SAYERS[name]:
            if isinstance(place, str):
                yield from [given[place]] if place in given else []
            else:
                yield from node.args[place : place + 1]


_CLICK: Final = {"UsageError", "BadParameter"}


def _called(function: ast.expr) -> str:
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def _told(value: ast.expr, scope: ast.FunctionDef) -> Iterator[str]:
    """Yield the templates of what a function in `TELLERS` gives: a text, a list of some, or a pair that ends in one."""
    if isinstance(value, ast.List):
        for element in value.elts:
            yield from _told(element, scope)
    elif isinstance(value, ast.Tuple):
        yield from _told(value.elts[-1], scope)
    elif isinstance(value, ast.Call):  # as `next((… for … in advice.items()), …)`: the texts of a table
        for node in ast.walk(scope):
            if isinstance(node, ast.Dict):
                for text in node.values:
                    yield from _templates(text, scope)
    else:
        yield from _templates(value, scope)


def _templates(said: ast.expr, scope: ast.FunctionDef | None) -> Iterator[str]:
    for pieces in _readings(said, scope):
        template = _written(pieces)
        if re.search(r"[A-Za-z]{2}", re.sub(r"\{\w+\}", "", template)):
            yield template


def _written(pieces: list[Piece]) -> str:
    """Return a template, without what stands before it as in "{path}: …", with the same name only once."""
    while len(pieces) > 1 and pieces[0][0] and not pieces[1][0] and pieces[1][1].startswith(": "):
        pieces = [(False, pieces[1][1][2:]), *pieces[2:]]
    text, seen = "", dict[str, int]()
    for variable, name in pieces:
        if variable:
            seen[name] = seen.get(name, 0) + 1
            text += f"{{{name}{'' if seen[name] == 1 else f'_{seen[name]}'}}}"
        else:
            assert not set("{}") & set(name), f"a message with a single brace cannot be a template: {name}"
            text += name
    return text


def _readings(said: ast.expr, scope: ast.FunctionDef | None) -> list[list[Piece]]:
    """Return all that an expression may say, as pieces."""
    if isinstance(said, ast.Constant) and isinstance(said.value, str):
        pieces = re.split(r"\{(\w*)\}", said.value)  # braces, as in a text that is filled in by `format`
        return [[(bool(place % 2), piece or "value") for place, piece in enumerate(pieces) if piece or place % 2]]
    if isinstance(said, ast.FormattedValue):
        plain = said.format_spec is None and said.conversion == -1
        return _readings(said.value, scope) if plain else [[(True, _name(said.value))]]
    if isinstance(said, ast.JoinedStr):
        return _joined([_readings(part, scope) for part in said.values])
    if isinstance(said, ast.BinOp) and isinstance(said.op, ast.Add) and (_is_text(said.left) or _is_text(said.right)):
        return _joined([_readings(said.left, scope), _readings(said.right, scope)])
    if isinstance(said, ast.IfExp):
        return [*_readings(said.body, scope), *_readings(said.orelse, scope)]
    if isinstance(said, ast.BoolOp):
        return [reading for value in said.values for reading in _readings(value, scope)]
    if isinstance(said, ast.NamedExpr):
        return _readings(said.value, scope)
    if isinstance(said, ast.Subscript) and isinstance(said.value, ast.Dict):
        return [reading for value in said.value.values for reading in _readings(value, scope)]
    if isinstance(said, ast.Subscript) and isinstance(said.slice, ast.Slice):
        return _readings(said.value, scope)
    if isinstance(said, ast.Name) and scope:
        given = [value for value in _given(said.id, scope) if _is_text(value)]
        rest = [[(True, _name(said))]] if len(given) < len(_given(said.id, scope)) or not given else []
        return [*(reading for value in given for reading in _readings(value, scope)), *rest]
    return [[(True, _name(said))]]


def _joined(parts: list[list[list[Piece]]]) -> list[list[Piece]]:
    joined = []
    for choice in itertools.product(*parts):
        pieces: list[Piece] = []
        for piece in itertools.chain.from_iterable(choice):
            if pieces and not piece[0] and not pieces[-1][0]:
                pieces[-1] = (False, pieces[-1][1] + piece[1])
            else:
                pieces.append(piece)
        joined.append(pieces)
    return joined


def _given(name: str, scope: ast.FunctionDef) -> list[ast.expr]:
    """Return what a name is set to in a function; itself when it is set by a loop or from outside."""
    found = []
    for node in ast.walk(scope):
        if isinstance(node, ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Name) and target.id == name:
                    found.append(node.value)
                elif isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
                    pairs = zip(target.elts, node.value.elts, strict=True)
                    found += [value for one, value in pairs if isinstance(one, ast.Name) and one.id == name]
        elif isinstance(node, ast.NamedExpr) and node.target.id == name:
            found.append(node.value)
    return found


def _is_text(value: ast.expr) -> bool:
    """Return whether an expression is a text that is written down here, at least in one of its choices."""
    if isinstance(value, ast.IfExp):
        return _is_text(value.body) or _is_text(value.orelse)
    if isinstance(value, ast.BoolOp):
        return any(map(_is_text, value.values))
    return isinstance(value, ast.JoinedStr) or (isinstance(value, ast.Constant) and isinstance(value.value, str))


def _name(value: ast.expr) -> str:
    """Return what a placeholder is called: `error.strerror` is "strerror", `', '.join(sorted(both))` is "both"."""
    if isinstance(value, ast.Attribute):
        return value.attr.strip("_").lower()
    if isinstance(value, ast.Name):
        return value.id.strip("_").lower()
    if isinstance(value, ast.Constant) and isinstance(value.value, str) and value.value.isidentifier():
        return value.value  # the key in `row.get("id")`
    if isinstance(value, ast.Call):
        own = value.func.id if isinstance(value.func, ast.Name) else ""
        if own and own not in _BUILTINS:
            return own.strip("_").lower()
        if value.args:
            return _name(value.args[0])
        return _name(value.func.value) if isinstance(value.func, ast.Attribute) else "value"
    if isinstance(value, ast.BinOp):
        return _name(value.left)
    if isinstance(value, ast.UnaryOp):
        return _name(value.operand)
    if isinstance(value, ast.BoolOp):
        return _name(value.values[0])
    if isinstance(value, ast.Subscript) and isinstance(value.slice, ast.Constant):
        return _name(value.slice)
    if isinstance(value, ast.Subscript | ast.Starred):
        return _name(value.value)
    if isinstance(value, ast.GeneratorExp | ast.ListComp):
        return _name(value.generators[0].iter)
    if isinstance(value, ast.List | ast.Tuple) and value.elts:
        return _name(value.elts[0])
    return "value"
