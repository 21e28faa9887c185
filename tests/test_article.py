"""Identity by canonical URL, and times as people read them."""

from datetime import UTC, datetime

import pytest

from pilkada_nlp.article import article_id, canonical_url, local_time

COPIES = [
    "https://www.kabar.id/2024/11/bawaslu-periksa-camat/",
    "http://kabar.id/2024/11/bawaslu-periksa-camat?utm_source=rss&utm_medium=feed",
    "https://m.kabar.id/2024/11/bawaslu-periksa-camat/amp",
    "https://amp.kabar.id:443/2024/11/bawaslu-periksa-camat/amp/?page=2#komentar",
    "HTTPS://KABAR.ID/2024/11/bawaslu-periksa-camat?single=1&fbclid=xyz",
]


@pytest.mark.parametrize("url", COPIES)
def test_copies_of_an_article_have_one_identity(url: str) -> None:
    """Mobile, AMP, paged and tracked copies of an address are one article."""
    assert article_id(url) == article_id(COPIES[0])


@pytest.mark.parametrize(
    "url",
    [*COPIES, "https://a.id/%2Fx%20y", "https://a.id/?b=2&a=1&a=0", "http://[::1]:8080/x", "https://a.id./?q=%3D"],
)
def test_canonical_url_is_idempotent(url: str) -> None:
    """The canonical form of a canonical form is itself."""
    assert canonical_url(canonical_url(url)) == canonical_url(url)


def test_what_selects_the_article_stays() -> None:
    """Parameters that name the article are kept, whatever their order."""
    assert article_id("https://a.id/?p=12&x=1") == article_id("https://a.id/?x=1&p=12")
    assert article_id("https://a.id/?p=12") != article_id("https://a.id/?p=13")


@pytest.mark.parametrize(
    "url", ["", "javascript:void(0)", "/relative", "ftp://a.id/x", "https://", "http://a.id:99999/"]
)
def test_other_addresses_are_refused(url: str) -> None:
    """What is no absolute http(s) address has no identity."""
    with pytest.raises(ValueError, match=r"."):
        canonical_url(url)


def test_times_are_shown_in_the_three_zones() -> None:
    """One moment reads as WIB, WITA and WIT."""
    moment = datetime(2024, 11, 21, 15, 30, tzinfo=UTC)
    assert local_time(moment) == "21/11/2024 22.30 WIB"
    assert local_time(moment, "Asia/Makassar") == "21/11/2024 23.30 WITA"
    assert local_time(moment, "Asia/Jayapura") == "22/11/2024 00.30 WIT"
