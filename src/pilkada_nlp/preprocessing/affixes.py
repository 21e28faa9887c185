"""The affix rules of PySastrawi 1.2.1 as string operations: the same root for every word, many times faster.

The algorithm is the confix stripping of Nazief and Adriani (1996) with the extensions of Asian (2007) and of the
Sastrawi project; rule numbers are theirs. Where PySastrawi departs from the papers, this module follows PySastrawi: it
is the oracle of the tests. Words are lower-case ASCII letters, digits and hyphens.
"""

from collections.abc import Callable, Container, Mapping

Roots = Container[str]

_VOWELS = frozenset("aiueo")
_CONSONANTS = frozenset("bcdfghjklmnpqrstvwxyz")
_NOT_LIQUID = _CONSONANTS - frozenset("lmnrwy")
_LETTERS = _VOWELS | _CONSONANTS
_PARTICLES = ("lah", "kah", "tah", "pun")
_PRONOUNS = ("ku", "mu", "nya")
_CLITICS = frozenset(_PARTICLES + _PRONOUNS)
_DERIVATIONS = ("isasi", "isme", "kan", "is", "an", "i")  # longest first
_PLAIN = frozenset(("di", "ke", "se"))
_SUFFIXES = _PARTICLES + _PRONOUNS + _DERIVATIONS
_PREFIXES = _PLAIN | {"be", "ka", "ku", "me", "pe", "te"}  # how any prefix begins, for a quick look
_INFIXES = frozenset(("er", "el", "em", "in"))
_BFV, _CDJSTZ, _GHKQ, _LRWY, _LWY = map(frozenset, ("bfv", "cdjstz", "ghkq", "lrwy", "lwy"))
_SHORT = 3  # letters; PySastrawi hardly touches words up to this length
_ROUNDS = 3  # prefixes that a word may carry


def root_of(word: str, roots: Roots) -> str:
    """Return the root of a word, or the word itself when no root is found; "buku-buku" gives "buku"."""
    if "-" not in word:
        return _single(word, roots)
    left, _, right = word.rpartition("-")
    if right in _CLITICS and "-" not in left:
        return _single(word, roots)
    if right in _CLITICS:
        left, _, stem = left.rpartition("-")
        right = f"{stem}-{right}"
    first, second = _single(left, roots), _single(right, roots)
    if second == right and right not in roots:  # "meniru-nirukan": the second half has lost its first letter
        second = _single("me" + right, roots)
    return first if first == second else word


def _single(word: str, roots: Roots) -> str:
    if word in roots or not (word.endswith(_SUFFIXES) or word[:2] in _PREFIXES or word[1:3] in _INFIXES):
        return word
    short = len(word) <= _SHORT
    if _prefix_first(word):
        stripped = _without_prefixes(word, roots, short)
        if stripped in roots:
            return stripped
        stripped = _without_suffixes(stripped, roots, short)[-1]
        if stripped in roots:
            return stripped
    chain = _without_suffixes(word, roots, short)
    if chain[-1] in roots:
        return chain[-1]
    stripped = _without_prefixes(chain[-1], roots, short)
    if stripped in roots:
        return stripped
    # Give suffixes back one by one: the "an" of "makanan" belongs to the root.
    for longer, cut in zip(reversed(chain[:-1]), reversed(chain[1:]), strict=True):
        tries = (cut + "k", longer) if longer == cut + "kan" else (longer,)
        for attempt in tries:
            stripped = _without_prefixes(attempt, roots, short)
            if stripped in roots:
                return stripped
    return word


def _prefix_first(word: str) -> bool:
    """Say whether the prefix goes before the suffix: be-lah, be-an, me-i, di-i, pe-i, ter-i."""
    if word.endswith("i"):
        return (word.startswith(("me", "di", "pe")) and len(word) > 2) or word.startswith("ter")
    return word.startswith("be") and ((word.endswith("an") and len(word) > 3) or word.endswith("lah"))


def _without_suffixes(word: str, roots: Roots, short: bool) -> list[str]:
    """Return the word, then what is left behind each suffix that came off: particle, pronoun, derivation."""
    chain = [word]
    if word.endswith(_PARTICLES):
        word = word[:-3].rstrip("-")
        chain.append(word)
        if word in roots:
            return chain
    if short:
        return chain
    if word.endswith(_PRONOUNS):
        word = word[: -3 if word[-1] == "a" else -2].rstrip("-")
        chain.append(word)
        if word in roots:
            return chain
    for suffix in _DERIVATIONS:
        if word.endswith(suffix):
            chain.append(word[: -len(suffix)])
            break
    return chain


def _without_prefixes(word: str, roots: Roots, short: bool) -> str:
    """Return the word without its prefixes, or with as many gone as there are rules for."""
    for _ in range(_ROUNDS):
        if word[:2] in _PLAIN:
            word = word[2:]
        elif short or word in roots:
            return word
        else:
            rule = _RULES.get(word[:1], _infix)
            shorter = rule(word, roots)
            if shorter is None:
                return word
            word = shorter
        if word in roots:
            return word
    return word


def _either(roots: Roots, *candidates: str) -> str:
    """Return the first candidate that is a root, or the last one: it may carry another prefix."""
    for candidate in candidates:
        if candidate in roots:
            return candidate
    return candidates[-1]


def _ber(word: str, roots: Roots) -> str | None:
    rest = word[3:]
    if word.startswith("ber"):
        if rest[:1] in _VOWELS:
            return _either(roots, rest, "r" + rest)  # rule 1
        plain = rest[2:4] != "er" or (rest[0] != "r" and rest[4:5] in _VOWELS)
        return rest if plain and rest[:1] in _CONSONANTS and rest[1:2] in _LETTERS else None  # 2, 3
    if word == "belajar":
        return "ajar"  # 4
    if word.startswith("be") and _cerc(word[2:], _CONSONANTS):
        return word[2:]  # 5
    return _infix(word, roots)


def _ter(word: str, roots: Roots) -> str | None:
    rest = word[3:]
    if word.startswith("ter"):
        if rest[:1] in _VOWELS:
            return _either(roots, rest, "r" + rest)  # 6
        plain = rest[1:3] != "er" or rest[3:4] in _VOWELS or _cerc(rest, _NOT_LIQUID)
        return rest if plain and rest[:1] in _CONSONANTS and rest[0] != "r" else None  # 7, 8, 35
    if word.startswith("te") and _cerc(word[2:], _CONSONANTS):
        return word[2:]  # 9
    return _infix(word, roots)


def _me(word: str, roots: Roots) -> str | None:
    if not word.startswith("me"):
        return _infix(word, roots)
    third, fourth, fifth = word[2:3], word[3:4], word[4:5]
    if third == "m":
        if fourth in _VOWELS:
            return _either(roots, word[2:], "p" + word[3:])  # 13
        if fourth in _BFV or (fourth == "p" and fifth in _LETTERS and fifth != "n"):
            return word[3:]  # 11, 12, 19; PySastrawi's list of letters for 19 has no n
    elif third == "n":
        if fourth in _VOWELS:
            return _either(roots, word[2:], "t" + word[3:])  # 15
        if fourth in _CDJSTZ:
            return word[3:]  # 14
        if fourth == "g":
            if fifth == "e":
                return _either(roots, word[4:], "k" + word[4:], word[5:], word[2:])  # 17
            if fifth in _VOWELS:
                return _either(roots, word[4:], "k" + word[4:], word[2:])  # 17
            if fifth in _GHKQ:
                return word[4:]  # 16
        if fourth == "y" and fifth in _VOWELS:
            return _either(roots, word[2:], "s" + word[4:])  # 18
    elif third in _LRWY and fourth in _VOWELS:
        return word[2:]  # 10
    return None


def _pe(word: str, roots: Roots) -> str | None:
    if not word.startswith("pe"):
        return _infix(word, roots)
    third, fourth, fifth = word[2:3], word[3:4], word[4:5]
    if third == "r":
        if fourth in _VOWELS:
            return _either(roots, word[3:], word[2:])  # 21
        plain = word[5:7] != "er" or (fourth != "r" and word[7:8] in _VOWELS)
        if plain and fourth in _CONSONANTS and fifth in _LETTERS:
            return word[3:]  # 23, 24
    elif third == "m":
        if fourth in _VOWELS:
            return _either(roots, word[2:], "p" + word[3:])  # 26
        if fourth in _BFV:
            return word[3:]  # 25
    elif third == "n":
        if fourth in _VOWELS:
            return _either(roots, word[2:], "t" + word[3:])  # 28
        if fourth in _CDJSTZ:
            return word[3:]  # 27
        if fourth == "g" and fifth in _CONSONANTS:
            return word[4:]  # 29
        if fourth == "g" and fifth in _VOWELS:
            found = _either(roots, word[4:], "k" + word[4:], word[5:] if fifth == "e" else "")  # 30
            if found or fifth == "e":
                return found
        if fourth == "y" and fifth in _VOWELS:
            return _either(roots, word[2:], "s" + word[4:])  # 31
    elif word == "pelajar":
        return "ajar"  # 32
    if third in _CONSONANTS and (word[3:5] != "er" or _cerc(word[2:], _NOT_LIQUID) or third in _LWY):
        return word[2:]  # 20, 32, 34, 36
    return None


def _ku(word: str, roots: Roots) -> str | None:
    if word.startswith("ku"):
        return word[2:]  # 41
    if word.startswith("kau"):
        return word[3:]  # 42
    return _infix(word, roots)


def _infix(word: str, _roots: Roots) -> str | None:
    """Return the word without -er-, -el-, -em- or -in- behind its first consonant (37 to 40), as in "gerigi"."""
    if word[1:3] in _INFIXES and word[3:4] in _VOWELS and word[0] in _CONSONANTS:
        return word[0] + word[3:]
    return None


def _cerc(word: str, first: frozenset[str]) -> bool:
    """Say whether the word begins with a consonant among `first`, "er" and another consonant."""
    return word[:1] in first and word[1:3] == "er" and word[3:4] in _CONSONANTS


_RULES: Mapping[str, Callable[[str, Roots], str | None]] = {"b": _ber, "t": _ter, "m": _me, "p": _pe, "k": _ku}
