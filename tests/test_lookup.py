"""Regions by the codes and names that people write."""

import pytest

from pilkada_nlp.regions import all_regions, regions_called, similar_regions


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("64.08", ["64.08"]),
        (" 64 ", ["64"]),
        ("Kabupaten Kutai Timur", ["64.08"]),
        ("kutai timur", ["64.08"]),
        ("Kutim", ["64.08"]),
        ("Bima", ["52.06", "52.72"]),
        ("Kota Bima", ["52.72"]),
        ("Kab. Bima", ["52.06"]),
        ("Provinsi Gorontalo", ["75"]),
        ("Kaltim", ["64"]),
        ("Kota Kutai Timur", []),
        ("Atlantis", []),
        ("", []),
    ],
)
def test_codes_and_names_are_found(text: str, codes: list[str]) -> None:
    """In any case and with or without the level, which tells twins apart; never the wrong level."""
    assert [region.code for region in regions_called(text)] == codes


def test_every_official_name_means_its_region() -> None:
    """All 552 of them, in the order of their codes."""
    regions = all_regions()
    assert len(regions) == 552
    assert [region.code for region in regions] == sorted(region.code for region in regions)
    for region in regions:
        assert regions_called(region.name) == (region,)


def test_misspelled_names_have_neighbours() -> None:
    """The nearest first, and none where nothing is like it."""
    assert similar_regions("Kutai Timr")[0].code == "64.08"
    assert similar_regions("xyzzy") == ()
