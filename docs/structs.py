"""Shows the fields of our structs and named tuples in their signatures; loaded by mkdocstrings, see mkdocs.yml."""

from typing import Any

import griffe

_KINDS = {"Struct": griffe.ParameterKind.keyword_only, "NamedTuple": griffe.ParameterKind.positional_or_keyword}


class Fields(griffe.Extension):
    """Gives a class that is made of fields the `__init__` that Python makes of them."""

    def on_class(self, *, cls: griffe.Class, **_: Any) -> None:
        """Add it, if the class has fields and no `__init__` of its own."""
        kind = _kind(cls)
        if kind is None or "__init__" in cls.members:
            return
        fields = [
            griffe.Parameter(member.name, annotation=member.annotation, kind=kind, default=member.value)
            for member in cls.members.values()
            if isinstance(member, griffe.Attribute) and member.annotation
            if "property" not in member.labels and not member.name.startswith("_")
        ]
        this = griffe.Parameter("self", kind=griffe.ParameterKind.positional_or_keyword)
        cls.set_member("__init__", griffe.Function("__init__", parameters=griffe.Parameters(this, *fields)))


def _kind(cls: griffe.Class) -> griffe.ParameterKind | None:
    """Return how fields are given to a class that is a struct or named tuple, also by way of a class of ours."""
    for base in cls.bases:
        if found := _KINDS.get(str(base).rpartition(".")[2]):
            return found
    return next((found for one in cls.resolved_bases if isinstance(one, griffe.Class) and (found := _kind(one))), None)
