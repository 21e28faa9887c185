"""Outlets as data: the shipped table, and errors that name file, outlet and field."""

from pathlib import Path

import pytest

from pilkada_nlp.errors import ConfigError
from pilkada_nlp.regions import region
from pilkada_nlp.scrapers import load_outlets

GOOD = '[[outlets]]\nid = "a"\nname = "A"\nhome = "https://a.id"\nfeeds = ["https://a.id/feed"]\n'


def test_the_shipped_outlets_are_sound() -> None:
    """Every shipped outlet is polite, refuses private addresses and reports on regions that exist."""
    outlets = load_outlets()
    assert len(outlets) >= 25
    for outlet in outlets.values():
        assert not outlet.allow_private
        assert outlet.pace >= 1
        assert all(region(code) for code in outlet.regions)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("not toml [", "cannot be read"),
        ("", r"no \[\[outlets\]\]"),
        (GOOD.replace('"A"', "3"), r"outlet a: .*name"),
        (GOOD + "pase = 3\n", r"outlet a: .*pase"),
        (GOOD + GOOD, "outlet a: id stands twice"),
        (GOOD + 'timezone = "WIB"\n', "outlet a: timezone"),
        (GOOD.replace("feeds", "# feeds"), "at least one address"),
        (GOOD + 'selectors = [{ body = "p[" }]\n', r"outlet a: selector 'p\['"),
        (GOOD.replace("https://a.id/feed", "a.id/feed"), "no http or https address"),
    ],
)
def test_a_bad_file_names_file_outlet_and_field(tmp_path: Path, text: str, said: str) -> None:
    """The message leads to the line to mend."""
    path = tmp_path / "outlets.toml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=said) as caught:
        load_outlets(path)
    assert "outlets.toml" in str(caught.value)
    assert caught.value.path == path
