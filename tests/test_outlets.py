"""Outlets as data: the shipped table, and errors that name file, outlet and field."""

from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from pilkada_nlp.article import Outlet
from pilkada_nlp.errors import ConfigError
from pilkada_nlp.regions import region
from pilkada_nlp.scrapers import load_outlets, outlet_toml

GOOD = '[[outlets]]\nid = "a"\nname = "A"\nhome = "https://a.id"\nfeeds = ["https://a.id/feed"]\n'


def test_the_shipped_outlets_are_sound() -> None:
    """Every shipped outlet has a source beyond its home page, evidence and regions that exist; each province has two.

    A selector counts as tested only when a page of the outlet stands among the tests.
    """
    outlets = load_outlets()
    assert len(outlets) >= 120
    pages = {path.name for path in (Path(__file__).parent / "pages").iterdir()}
    covered: Counter[str] = Counter()
    for outlet in outlets.values():
        assert not outlet.allow_private
        assert outlet.pace >= 1
        assert outlet.evidence, outlet.id
        assert {kind for kind, _ in outlet.sources()} & {"api", "feed", "sitemap", "listing"}, outlet.id
        assert all(region(code) for code in outlet.regions)
        covered.update({code.split(".")[0] for code in outlet.regions})
        assert not outlet.selectors_tested or (outlet.selectors and outlet.id in pages), outlet.id
    assert len(covered) == 38
    assert min(covered.values()) >= 2
    assert {outlet.kind for outlet in outlets.values()} == {"national", "local", "official"}


def test_own_outlets_are_added_or_override(tmp_path: Path) -> None:
    """An own file adds to the shipped table, replaces an outlet of the same id, and may name files beside it."""
    path = tmp_path / "outlets.toml"
    path.write_text(GOOD + 'files = ["simpanan"]\n' + GOOD.replace('id = "a"', 'id = "antara"'))
    table = load_outlets(path)
    assert set(load_outlets()) | {"a"} == set(table)
    assert table["antara"].home == "https://a.id"
    assert table["a"].files == (str(tmp_path / "simpanan"),)


def test_what_is_printed_for_an_outlet_is_read_back(tmp_path: Path) -> None:
    """The TOML of an outlet is that outlet."""
    outlet = Outlet(
        id="a",
        name='A "B"',
        home="https://a.id",
        apis=("https://a.id/wp-json/wp/v2/posts",),
        listings=("https://a.id/indeks?date={date:%Y-%m-%d}&page={page}",),
        regions=("64", "64.02"),
        evidence="named by the site itself",
        verified=date(2024, 11, 21),
    )
    path = tmp_path / "outlets.toml"
    path.write_text(outlet_toml(outlet), encoding="utf-8")
    assert load_outlets(path)["a"] == outlet


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("not toml [", "cannot be read"),
        ("", r"no \[\[outlets\]\]"),
        ("outlets = 3", r"no \[\[outlets\]\]"),
        ('outlet = "a"', "outlet: only"),
        (GOOD.replace('"A"', "3"), r"outlet a: .*name"),
        (GOOD.replace('"A"', '""'), r"outlet a: name"),
        (GOOD.replace('id = "a"', 'id = "A b"'), r"outlet A b: id"),
        (GOOD + "pase = 3\n", r"outlet a: .*pase"),
        (GOOD + "pace = -1\n", r"outlet a: pace"),
        (GOOD + GOOD, "outlet a: id: stands twice"),
        (GOOD + 'timezone = "WIB"\n', "outlet a: timezone"),
        (GOOD + 'regions = ["64", "99.99"]\n', r"outlet a: regions: '99\.99'"),
        (GOOD + 'kind = "blog"\n', r"outlet a: .*kind"),
        (GOOD + 'verified = "kemarin"\n', r"outlet a: .*verified"),
        (GOOD + 'selectors = [{ body = "p[" }]\n', r"outlet a: selectors\[1\].body: .*'p\['"),
        (GOOD + 'listing_next = "a["\n', r"outlet a: listing_next"),
        (GOOD + 'listings = ["https://a.id/{halaman}"]\n', r"outlet a: listings: .* and page"),
        (GOOD + 'apis = ["//a.id/x"]\n', r"outlet a: apis: .*no http or https address"),
        (GOOD.replace("https://a.id/feed", "a.id/feed"), "feeds: .*no http or https address"),
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
