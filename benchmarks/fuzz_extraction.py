"""Throws damaged pages at extraction for twenty minutes; `python -m benchmarks.fuzz_extraction [SECONDS]`.

The pages of the tests are cut, doubled, spliced and sown with what parsers dislike. Every input must give an article
or a rejection, within 5 seconds of CPU time, in a process that may hold 500 MB. The first that does not is
printed by hypothesis, as it is: to make slow inputs smaller takes hours.
"""

import resource
import sys
import time
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from benchmarks.extraction import NOW, PAGES
from pilkada_nlp.article import Article, Outlet, Page, Rejection, Selectors
from pilkada_nlp.extraction import explain, extract, further_pages

LONGEST = 5.0  # seconds of CPU time
MEMORY = 500 << 20
_MINUTES = 20
_ROUND = 50  # examples under one seed
CORPUS = [path.read_bytes() for path in sorted(PAGES.glob("*/*.html"))]
TOKENS = [
    b"<div>",
    b"</div>",
    b"<p>",
    b"</p>",
    b"<table><tr><td>",
    b"<b><i>",
    b"<a href='?page=2'>2</a>",
    b"<a href='http://['>",
    b"<!--",
    b"-->",
    b"<![CDATA[",
    b"]]>",
    b"<script type='application/ld+json'>",
    b"</script>",
    b"<svg><style>",
    b"<br>",
    b"<title>",
    b"<h1>",
    b"\x00",
    b"\xff\xfe",
    b"\xed\xa0\x80",
    b"&#xD800;",
    b"&#0;",
    b"&nbsp;",
    b'"',
    b"'",
    b"<",
    b">",
    b"=",
    b"<meta charset='utf-16'>",
    b"<meta charset='idna'>",
    b"<base href='//x'>",
    b"<link rel=canonical href='http://[x'>",
    b'{"@graph":[[',
    b'{"@type":"NewsArticle","datePublished":',
    b'"headline":{"name":[]}',
    b"9" * 400,
    b"\\ud800",
    b"<time datetime='0001-01-01T00:00:00+23:59'>",
    b"<span class=date>31/12/9999 23:59 WIT</span>",
    b"Baca juga: ",
    b"<b>Baca juga:</b> <a>",
    b"(Adv)",
    b"(abc/def)",
    b"\xee\x80\x80",
    b"\xee\x80\x81",
    b"Penulis: ",
    b"2 jam yang lalu",
    b"<form><select><option>",
    b"<p style='display:none'>",
    b"<template>",
    b"<frameset>",
    b"<plaintext>",
    b"<math><mi>",
]
OUTLETS = [
    None,
    Outlet(id="uji", name="Uji", home="https://contoh.id"),
    Outlet(
        id="uji",
        name="Uji",
        home="https://contoh.id",
        timezone="Asia/Jayapura",
        joining="/{n}",
        selectors=(Selectors(body="p", title="b", date="span", author="a", remove="i"),),
    ),
]


@st.composite
def damaged_pages(draw: Any) -> bytes:
    """Make a page of the tests that something has happened to."""
    page: bytes = draw(st.sampled_from(CORPUS))
    for _ in range(draw(st.integers(0, 6))):
        start = draw(st.integers(0, len(page)))
        end = draw(st.integers(start, min(len(page), start + 3000)))
        kind = draw(st.sampled_from(["cut", "double", "splice", "sow", "noise", "end"]))
        if kind == "cut":
            page = page[:start] + page[end:]
        elif kind == "double":
            page = page[:end] + page[start:end] * draw(st.integers(1, 60)) + page[end:]
        elif kind == "splice":
            other: bytes = draw(st.sampled_from(CORPUS))
            page = page[:start] + other[draw(st.integers(0, len(other))) :]
        elif kind == "sow":
            page = (
                page[:start]
                + draw(st.sampled_from(TOKENS)) * draw(st.sampled_from([1, 2, 7, 300, 20_000]))
                + page[end:]
            )
        elif kind == "noise":
            page = page[:start] + draw(st.binary(max_size=60)) + page[end:]
        else:
            page = page[:start]
    return page[: 3 << 20]


def withstand(body: bytes, outlet: Outlet | None, kind: str) -> float:
    """Extract from damaged bytes and check what comes back; return the seconds of CPU time that it took."""
    address = "https://contoh.id/berita/satu"
    page = Page(
        requested_url=address, url=address, outlet="uji", fetched_at=NOW, status=200, content_type=kind, body=body
    )
    before = time.process_time()
    result = extract(page, outlet, [page])
    used = time.process_time() - before
    assert isinstance(result, Article | Rejection)
    if isinstance(result, Article):
        assert result.text
        assert result.text.encode()  # no lone surrogate
        assert "\x00" not in result.text
    assert isinstance(further_pages(page, outlet), list)
    assert explain(page, outlet, [page]).result == result
    return used


def main(seconds: float) -> None:
    """Go on until the time is over; print how many inputs there were, and the slowest."""
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
    slowest = 0.0
    inputs = rounds = 0
    end = time.monotonic() + seconds
    while time.monotonic() < end:

        @seed(rounds)
        @settings(max_examples=_ROUND, deadline=None, database=None, phases=[Phase.generate],
                  suppress_health_check=list(HealthCheck))  # fmt: skip
        @given(
            damaged_pages(),
            st.sampled_from(OUTLETS),
            st.sampled_from(["text/html", "", "application/vnd.wordpress.post+json"]),
        )
        def damaged(body: bytes, outlet: Outlet | None, kind: str) -> None:
            nonlocal slowest, inputs
            inputs += 1
            used = withstand(body, outlet, kind)
            slowest = max(slowest, used)
            assert used <= LONGEST, f"{used:.1f} s"

        damaged()
        rounds += 1
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    print(f"{inputs} inputs in {rounds} rounds: slowest {slowest:.2f} s of CPU time, {memory} MB at most")


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 60.0 * _MINUTES)
