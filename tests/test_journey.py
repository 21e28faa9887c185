"""From a site to the summary: twice, killed half-way, stopped by hand, without a network. Real processes throughout."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from pilkada_nlp.archive import Archive
from pilkada_nlp.article import Article, Outlet, Rejection, Selectors
from pilkada_nlp.article.findings import SourceState
from pilkada_nlp.daily import run_daily
from pilkada_nlp.demo import DEMO_DAY, serve_site
from pilkada_nlp.errors import ArchiveError
from pilkada_nlp.extraction import extract
from pilkada_nlp.scrapers import Fetcher
from tests.conftest import NOW, Site

TABLES = ("pages", "articles", "rejections", "tags", "stories", "story_members", "entries", "editions")


def rows(path: Path) -> dict[str, list[tuple[object, ...]]]:
    """Return all rows of all tables but the log of runs, in order of their keys."""
    with sqlite3.connect(path) as connection:
        return {name: sorted(connection.execute(f"SELECT * FROM {name}"), key=repr) for name in TABLES}  # noqa: S608


def contents(folder: Path) -> dict[str, bytes]:
    """Return the content of each file of a summary in a folder; metrics hold times."""
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.suffix != ".prom"}


def test_a_second_run_changes_nothing(tmp_path: Path) -> None:
    """Site to summary, then again on the same site: the same rows, byte-identical files, nothing fetched anew."""
    archive = Archive(f"sqlite:///{tmp_path / 'a.db'}")
    fetcher = Fetcher("uji@contoh.id", clock=lambda: NOW)
    with serve_site() as outlets:
        first = run_daily(DEMO_DAY, outlets, archive, tmp_path / "out", fetcher)
        before, files = rows(tmp_path / "a.db"), contents(tmp_path / "out")
        steps: list[tuple[str, int, int]] = []
        second = run_daily(
            DEMO_DAY,
            outlets,
            archive,
            tmp_path / "out",
            fetcher,
            progress=lambda step, done, total: steps.append((step, done, total)),
        )
    assert first.any_source_read
    assert len(before["articles"]) == 28
    assert len(before["rejections"]) == 2
    assert rows(tmp_path / "a.db") == before
    assert contents(tmp_path / "out") == files
    assert second[:-1] == first[:-1]
    assert {step for step, _, _ in steps} == {"sources", "summary"}
    assert archive.summary(DEMO_DAY) == first.summary
    archive.close()


def test_a_later_day_looks_back(tmp_path: Path) -> None:
    """The next day's watchlist still carries the incident, weaker, and its lists hold only its own news."""
    archive = Archive(f"sqlite:///{tmp_path / 'a.db'}")
    fetcher = Fetcher("uji@contoh.id", clock=lambda: NOW)
    with serve_site() as outlets:
        first = run_daily(DEMO_DAY, outlets, archive, tmp_path, fetcher).summary
        week = run_daily(DEMO_DAY + timedelta(days=7), outlets, archive, tmp_path, fetcher).summary
        again = run_daily(DEMO_DAY, outlets, archive, tmp_path, fetcher).summary
    archive.close()
    assert week.incidents == ()
    assert week.articles == 0
    top = first.watchlist[0]  # a ruling, which ages more slowly, may have overtaken it
    (aged,) = [entry for entry in week.watchlist if (entry.region, entry.theme) == (top.region, top.theme)]
    assert aged.score == pytest.approx(top.score / 2, abs=0.02)
    assert again == first


def test_two_runs_at_once_do_not_mix(tmp_path: Path) -> None:
    """While one run holds the archive, another says so and leaves it alone."""
    archive = Archive(f"sqlite:///{tmp_path / 'a.db'}")
    fetcher = Fetcher("uji@contoh.id", clock=lambda: NOW)
    seen: list[str] = []

    def intrude(step: str, done: int, total: int) -> None:
        if step == "tag":
            with pytest.raises(ArchiveError, match="another run"):
                run_daily(DEMO_DAY, [], archive, tmp_path, fetcher)
            seen.append(step)

    with serve_site() as outlets:
        run_daily(DEMO_DAY, outlets, archive, tmp_path, fetcher, progress=intrude)
    archive.close()
    assert seen


def test_a_page_that_breaks_the_parser_does_not_stop_the_day(tmp_path: Path, site: Site) -> None:
    """A page on which extraction fails (here by a selector that no table would admit) is set aside with the reason."""
    body = "".join(f"<p>Paragraf {n} tentang pilkada di kabupaten yang cukup panjang.</p>" for n in range(9))
    site.page("/a", f"<h1>Judul</h1>{body}")
    site.page("/feed", f'<rss version="2.0"><channel><item><link>{site.home}/a</link></item></channel></rss>')
    outlet = site.outlet(feeds=(site.home + "/feed",), selectors=(Selectors(body="p["),))
    archive = Archive(f"sqlite:///{tmp_path / 'a.db'}")
    result = run_daily(DEMO_DAY, [outlet], archive, tmp_path, Fetcher("uji@contoh.id", clock=lambda: NOW))
    (rejection,) = archive.rejections(DEMO_DAY)
    archive.close()
    assert (rejection.reason, rejection.stage) == ("unreadable", "extract")
    assert "Selector" in rejection.detail
    assert result.summary.set_aside == {"unreadable": 1}


def test_seed_articles_go_through_the_whole_job(measure: Path, tmp_path: Path, site: Site) -> None:
    """The two real articles, served as pages, are tagged as the worked cases say and raise nothing."""
    items = ""
    for path in sorted((measure / "data" / "seeds").glob("*.txt")):
        title, *paragraphs = [line for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
        body = "".join(f"<p>{line}</p>" for line in paragraphs)
        address = site.page(f"/{path.stem}", f'<h1>{title}</h1><div class="entry-content">{body}</div>')
        items += f"<item><link>{address}</link><pubDate>Thu, 21 Nov 2024 10:00:00 +0800</pubDate></item>"
    site.page("/feed", f'<rss version="2.0"><channel>{items}</channel></rss>', "application/xml")
    archive = Archive(f"sqlite:///{tmp_path / 'a.db'}")
    fetcher = Fetcher("uji@contoh.id", clock=lambda: NOW)
    result = run_daily(DEMO_DAY, [site.outlet(feeds=(site.home + "/feed",))], archive, tmp_path / "out", fetcher)
    by_title = {
        article.title: archive.taggings(DEMO_DAY, DEMO_DAY, result.summary.model)[article.id]
        for article in archive.articles(DEMO_DAY, DEMO_DAY)
    }
    archive.close()
    release = next(tagging for title, tagging in by_title.items() if "Lancar" in title)
    paid = next(tagging for title, tagging in by_title.items() if "Kerawanan" in title)
    assert (release.source_kind.value, paid.source_kind.value) == ("rilis_pemda", "adv")
    assert "keamanan" in {theme.theme for theme in release.themes}
    assert {"netralitas_asn", "petahana"} <= {theme.theme for theme in paid.themes}
    for tagging in (release, paid):
        assert tagging.relevant.election == "pilkada"
        assert [place.code for place in tagging.places()] == ["64.02"]
    assert result.summary.incidents == ()
    assert result.summary.watchlist == ()
    assert [(count.region, count.stories, count.not_independent) for count in result.summary.appeals] == [
        ("64.02", 2, 2)
    ]


def test_real_pages_and_feeds_go_through_fetch_and_extraction(measure: Path, site: Site, fetcher: Fetcher) -> None:
    """Every real page of the measuring data, served over HTTP, ends as an article or with a reason."""
    outlet = site.outlet()
    paths = [path for path in sorted((measure / "data" / "pages").rglob("*.*")) if path.suffix != ".jsonl"]
    outcomes = []
    for number, path in enumerate(paths):
        page = fetcher.get(site.page(f"/baca/{number}", path.read_bytes()), outlet)
        assert not isinstance(page, Rejection)
        outcomes.append(extract(page, outlet))
    assert len(outcomes) > 55
    assert all(isinstance(outcome, Article | Rejection) for outcome in outcomes)


# The command in a process of its own


class SlowSite:
    """The demonstration site behind a proxy that takes its time for every page."""

    def __init__(self, upstream: Outlet, pause: float) -> None:
        import requests

        self.site = Site()
        self.upstream = upstream

        class Everything(dict):  # type: ignore[type-arg]
            def get(self, path: str, default: object = None) -> object:
                def answer(handler: BaseHTTPRequestHandler) -> None:
                    time.sleep(pause)
                    reply = requests.get(
                        upstream.home + handler.path, headers={"Host": handler.headers["Host"]}, timeout=9
                    )
                    handler.send_response(reply.status_code)
                    handler.send_header("Content-Type", reply.headers["Content-Type"])
                    handler.send_header("Content-Length", str(len(reply.content)))
                    handler.end_headers()
                    handler.wfile.write(reply.content)

                return answer

        self.site.routes = Everything()


@pytest.fixture
def workplace(tmp_path: Path) -> Iterator[tuple[Path, list[str]]]:
    """A folder with a configuration for the demonstration site, slowed down, and the command that reads it."""
    with serve_site() as outlets:
        sites = [SlowSite(outlet, 0.08) for outlet in outlets]
        table = ""
        for outlet, slow_site in zip(outlets, sites, strict=True):
            kind = "feeds" if outlet.feeds else "sitemaps" if outlet.sitemaps else "listings"
            address = (outlet.feeds + outlet.sitemaps + outlet.listings)[0].replace(outlet.home, slow_site.site.home)
            (rule,) = outlet.selectors
            names = ("title", "body", "date")
            chosen = ", ".join(f'{name} = "{value}"' for name in names if (value := getattr(rule, name)) is not None)
            table += (
                f'[[outlets]]\nid = "{outlet.id}"\nname = "{outlet.name}"\nhome = "{slow_site.site.home}"\n'
                f'{kind} = ["{address}"]\ntimezone = "{outlet.timezone}"\nselectors = [{{ {chosen} }}]\n'
                "pace = 0.0\nallow_private = true\n"
            )
        (tmp_path / "outlets.toml").write_text(table)
        write_settings(tmp_path)
        yield tmp_path, command(tmp_path, "out")
        for slow_site in sites:
            slow_site.site.close()


def write_settings(folder: Path) -> None:
    """Write a configuration that reads the outlets of the file beside it, and no others."""
    own = tomllib.loads((folder / "outlets.toml").read_text())["outlets"]
    text = f'contact = "uji@contoh.id"\nout = "{folder}/out"\noutlets_file = "{folder}/outlets.toml"\n'
    text += f"outlets = {json.dumps([outlet['id'] for outlet in own])}\n"
    (folder / "config.toml").write_text(text)


def command(folder: Path, out: str, archive: str = "a.db") -> list[str]:
    """Return the command line of a daily run in a folder."""
    options = ["--date", "2024-11-21", "--config", str(folder / "config.toml"), "--out", str(folder / out)]
    return [sys.executable, "-m", "pilkada_nlp", "daily", *options, "--archive", f"sqlite:///{folder / archive}"]


def count(path: Path, table: str) -> int:
    """Return the number of rows, 0 while the table is not there."""
    try:
        with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as connection:
            return int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])  # noqa: S608
    except sqlite3.OperationalError:
        return 0


def start_and_wait(args: list[str], archive: Path, table: str, least: int) -> "subprocess.Popen[str]":
    """Start the command and return when the table holds so many rows."""
    process = subprocess.Popen(args, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    until = time.monotonic() + 30
    while count(archive, table) < least and process.poll() is None and time.monotonic() < until:
        time.sleep(0.01)
    return process


def test_killed_anywhere_the_next_run_completes_the_day(workplace: tuple[Path, list[str]]) -> None:
    """After `kill -9` while fetching, extracting and tagging, one more run gives what an undisturbed one does."""
    folder, args = workplace
    archive = folder / "a.db"
    kills = 0
    for table, least in (("pages", 1), ("pages", 9), ("pages", 25), ("articles", 3), ("tags", 1), ("stories", 1)):
        process = start_and_wait(args, archive, table, least)
        if process.poll() is None:
            kills += 1
        process.send_signal(signal.SIGKILL)
        process.communicate()
    final = subprocess.run(args, capture_output=True, text=True, check=False)
    assert final.returncode == 0, final.stderr
    undisturbed = subprocess.run(command(folder, "clean", "clean.db"), capture_output=True, text=True, check=True)
    assert undisturbed.returncode == 0
    assert kills >= 3
    assert contents(folder / "out") == contents(folder / "clean")
    for table in ("pages", "articles", "tags", "stories", "story_members", "entries", "rejections"):
        assert count(archive, table) == count(folder / "clean.db", table), table


def test_ctrl_c_stops_soon_and_loses_nothing(workplace: tuple[Path, list[str]]) -> None:
    """SIGINT ends the run with status 130 and one sentence; the next run goes on."""
    folder, args = workplace
    process = start_and_wait(args, folder / "a.db", "pages", 3)
    began = time.monotonic()
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=20)
    assert process.returncode == 130, said
    assert "stopped; the next run goes on from here" in said
    assert "Traceback" not in said
    assert time.monotonic() - began < 10
    kept = count(folder / "a.db", "pages")
    assert kept >= 3
    assert subprocess.run(args, capture_output=True, check=False).returncode == 0
    assert count(folder / "a.db", "articles") == 28


def test_without_a_network_the_summary_says_so(tmp_path: Path) -> None:
    """All outlets down: exit 1, and the summary is there, with the reasons, from what the archive has."""
    outlets = "".join(
        f'[[outlets]]\nid = "{name}"\nname = "{name}"\nhome = "http://127.0.0.1:1"\nfeeds = ["http://127.0.0.1:1/feed"]\n'
        "pace = 0.0\nallow_private = true\n"
        for name in ("satu", "dua")
    )
    (tmp_path / "outlets.toml").write_text(outlets)
    write_settings(tmp_path)
    run = subprocess.run(command(tmp_path, "out"), capture_output=True, text=True, check=False)
    assert run.returncode == 1
    assert "no source could be read" in run.stderr
    text = (tmp_path / "out" / "ringkasan-2024-11-21.md").read_text(encoding="utf-8")
    assert "Tidak satu pun sumber terbaca (2 dicoba)" in text
    assert "refused" in text


def test_an_outlet_that_wants_to_be_left_is_not_called_read(tmp_path: Path, site: Site) -> None:
    """A second run does not ask it before its time, and the summary says so."""
    site.reply("/feed", (429, {"Retry-After": "7200"}, b""))
    archive = Archive(f"sqlite:///{tmp_path / 'a.db'}")
    outlet = site.outlet(feeds=(site.home + "/feed",))
    states: list[SourceState] = []
    for _ in range(2):
        fetcher = Fetcher("uji@contoh.id", clock=lambda: NOW)
        states += run_daily(DEMO_DAY, [outlet], archive, tmp_path, fetcher).summary.sources
        fetcher.close()
    archive.close()
    assert [(state.read, state.reason) for state in states] == [(False, "http_status"), (False, "waiting")]
    assert "2024-11-21 17:30 UTC" in states[1].detail
    assert site.asked.count("/feed") == 1


def test_half_of_the_outlets_are_enough(tmp_path: Path, site: Site) -> None:
    """One source read of two: exit 0, and the coverage is stated."""
    site.page("/feed", '<rss version="2.0"><channel><title>Kosong</title></channel></rss>', "application/xml")
    table = "".join(
        f'[[outlets]]\nid = "o{number}"\nname = "O{number}"\nhome = "{home}"\nfeeds = ["{home}/feed"]\n'
        "pace = 0.0\nallow_private = true\n"
        for number, home in enumerate((site.home, "http://127.0.0.1:1"))
    )
    (tmp_path / "outlets.toml").write_text(table)
    write_settings(tmp_path)
    run = subprocess.run(command(tmp_path, "out"), capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    assert "1 of 2 sources" in run.stdout


def test_a_disk_that_fills_up_is_said_and_mended_by_the_next_run(workplace: tuple[Path, list[str]]) -> None:
    """When files may not grow any more the run ends with a sentence, and goes on when they may."""
    folder, args = workplace
    limited = ["bash", "-c", 'ulimit -f 150; exec "$@"', "bash", *args]
    run = subprocess.run(limited, capture_output=True, text=True, check=False, env={**os.environ, "HOME": str(folder)})
    assert run.returncode == 1, run.stderr
    assert "Traceback" not in run.stderr
    assert "archive" in run.stderr
    assert not list((folder / "out").glob("*")) if (folder / "out").exists() else True
    assert subprocess.run(args, capture_output=True, check=False).returncode == 0
    assert count(folder / "a.db", "articles") == 28
