"""Identity by canonical URL, and times as people read them."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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


_HOSTS = st.sampled_from(
    [
        "kabar.id",
        "www.kabar.id",
        "m.kabar.id",
        "AMP.Kabar.ID.",
        "www.m.kabar.co.id",
        "m.id",
        "192.0.2.7",
        "[2001:db8::1]",
    ]
)
_PORTS = st.sampled_from(["", ":80", ":443", ":8080"])
_SEGMENTS = st.lists(
    st.one_of(
        st.sampled_from(
            ["amp", "a.amp", "AMP", "%2Famp", "..", "", "?amp", "2024", "judul-berita", "%25", "a%20b", "é"]
        ),
        st.text(max_size=6),
    ),
    max_size=5,
).map("/".join)
_QUERIES = st.lists(
    st.one_of(
        st.sampled_from(
            ["page=2", "single=1", "utm_source=x", "fbclid=1", "PAGE=all", "p=12", "id=%26", "a", "=", "a=b=c"]
        ),
        st.text(max_size=6),
    ),
    max_size=4,
).map("&".join)


@given(st.sampled_from(["http", "https", "HTTP"]), _HOSTS, _PORTS, _SEGMENTS, _QUERIES, st.text(max_size=5))
@settings(max_examples=1000)
def test_canonical_url_of_anything_is_idempotent(
    scheme: str, host: str, port: str, path: str, query: str, fragment: str
) -> None:
    """Whatever path, parameters and fragment hold, the canonical form of a canonical form is itself, and https."""
    try:
        once = canonical_url(f"{scheme}://{host}{port}/{path}?{query}#{fragment}")
    except ValueError:
        return
    assert canonical_url(once) == once
    assert once.startswith("https://")
    assert "#" not in once
    assert once.isascii()


@given(
    st.sampled_from(["http://", "https://", "HTTPS://"]),
    st.sampled_from(["kabar.id", "www.kabar.id", "m.kabar.id", "KABAR.ID:443", "amp.kabar.id:80", "mobile.kabar.id"]),
    st.sampled_from(["", "/", "/amp", "/amp/", ".amp"]),
    st.permutations(["id=7", "page=2", "single=1", "utm_medium=feed", "fbclid=x"]),
    st.sampled_from(["", "#komentar"]),
)
def test_every_copy_of_an_address_is_one_article(
    scheme: str, host: str, ending: str, parameters: list[str], fragment: str
) -> None:
    """Scheme, mirror host, default port, AMP path, order of parameters, paging, trackers and fragment never matter."""
    copy = f"{scheme}{host}/2024/11/bawaslu-periksa-camat{ending}?{'&'.join(parameters)}{fragment}"
    assert canonical_url(copy) == "https://kabar.id/2024/11/bawaslu-periksa-camat?id=7"


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
