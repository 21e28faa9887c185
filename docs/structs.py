"""Shows the fields of our structs and named tuples in their signatures; loaded by mkdocstrings, see mkdocs.yml."""

from typing import Any

import griffe

_KINDS = {"Struct": griffe.ParameterKind.keyword_only, "NamedTuple": griffe.ParameterKind.positional_or_keyword}


class Fields(griffe.Extension):
    """Gives a class that is made of fields the `__init__` that Python makes of them."""

    def on_class_members(self, *, cls: griffe.Class, **_: Any) -> None:
        """Add the `__init__`, if the class has fields and none of its own."""
        bases = [str(base).rpartition(".")[2] for base in cls.bases]
        kind = next((_KINDS[base] for base in bases if base in _KINDS), None)
        if kind is None or "__init__" in cls.members:
            return
        fields = [
            griffe.Parameter(member.name, annotation=member.annotation, kind=kind, default=member.value)
            for member in cls.members.values()
            if isinstance(member, griffe.Attribute) and member.annotation and not member.name.startswith("_")
        ]
        this = griffe.Parameter("self", kind=griffe.ParameterKind.positional_or_keyword)
        cls.set_member("__init__", griffe.Function("__init__", parameters=griffe.Parameters(this, *fields)))
