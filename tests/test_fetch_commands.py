"""`pilkada fetch`, `doctor` and `outlets` on a site of their own: what they print, and their exit status."""

import csv
import io
import json
import sqlite3
import subprocess
import sys
import time
import tomllib
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from tests.conftest import Site
from tests.test_cli import run
from tests.test_crawl import feed
from tests.test_sources import HOME, RSS, listing_page, wordpress


@pytest.fixture
def workplace(tmp_path: Path, site: Site) -> tuple[Path, list[str]]:
    """A folder with a configuration and a table of two outlets on the site, and the options that name them."""
    today = f"{time.strftime('%a, %d %b %Y %H:%M:%S')} +0000"
    site.page("/satu/feed", feed(site.home, "/satu/a", "/satu/b", date=today))
    site.page("/dua/feed", feed(site.home, "/dua/a", date=today))
    for path in ("/satu/a", "/satu/b", "/dua/a"):
        site.page(path, "isi")
    table = "".join(
        f'[[outlets]]\nid = "{name}"\nname = "{name}"\nhome = "{site.home}"\nfeeds = ["{site.home}/{name}/feed"]\n'
        "pace = 0.0\nallow_private = true\n"
        for name in ("satu", "dua")
    )
    (tmp_path / "outlets.toml").write_text(table)
    (tmp_path / "config.toml").write_text('contact = "uji@contoh.id"\nout = "out"\noutlets = ["satu", "dua"]\n')
    options = ["--config", str(tmp_path / "config.toml"), "--outlets", str(tmp_path / "outlets.toml")]
    return tmp_path, [*options, "--archive", f"sqlite:///{tmp_path}/a.db"]


def test_fetch_says_what_came_of_each_source(workplace: tuple[Path, list[str]], site: Site) -> None:
    """Rows for scripts on stdout, the sum on stderr; a second run finds nothing due, `--only` asks all the same."""
    _, options = workplace
    result = run("fetch", *options, "--format", "json")
    assert result.exit_code == 0, result.output
    rows = {row["outlet"]: row for row in json.loads(result.stdout)}
    assert (rows["satu"]["outcome"], rows["satu"]["new"], rows["dua"]["new"]) == ("fetched", 2, 1)
    assert "3 new articles" in result.stderr
    again = run("fetch", *options, "--format", "json")
    assert json.loads(again.stdout) == []
    assert "2 not due" in again.stderr
    only = run("fetch", *options, "--only", "dua", "--format", "csv")
    assert [row["outlet"] for row in csv.DictReader(io.StringIO(only.stdout))] == ["dua"]
    assert "satu" in run("fetch", *options, "--only", "satu,dua").stdout


def test_fetch_without_a_source_that_answers_exits_1(workplace: tuple[Path, list[str]], site: Site) -> None:
    """And says so; wrong usage is 2."""
    _, options = workplace
    site.routes.clear()
    result = run("fetch", *options)
    assert result.exit_code == 1
    assert "none of the sources" in result.stderr
    assert run("fetch", *options, "--only", "takada").exit_code == 2
    assert run("fetch", *options, "--until", "2024-08-01").exit_code == 2
    assert run("fetch", *options, "--since", "2024-08-02", "--until", "2024-08-01").exit_code == 2


def test_a_limit_is_kept(workplace: tuple[Path, list[str]]) -> None:
    """One new article of each outlet, the rest later."""
    _, options = workplace
    assert "2 new articles" in run("fetch", *options, "--limit", "1").stderr
    assert "1 new articles" in run("fetch", *options, "--only", "satu,dua").stderr


def test_a_killed_backfill_goes_on_where_it_was(workplace: tuple[Path, list[str]], site: Site) -> None:
    """After `kill -9` the days that were finished are not listed again, and in the end everything is there."""
    folder, options = workplace
    days = [f"2024-08-{day:02}" for day in range(1, 31)]
    listed: list[str] = []

    def answer(handler: BaseHTTPRequestHandler) -> None:
        day = handler.path.rpartition("/")[2]
        listed.append(day)
        handler.send_response(200)
        handler.end_headers()
        handler.wfile.write(listing_page(*(f"/{day}/{number}" for number in range(4))).encode())

    def slow(handler: BaseHTTPRequestHandler) -> None:
        time.sleep(0.02)
        handler.send_response(200)
        handler.end_headers()
        handler.wfile.write(b"isi")

    for day in [*days, "2024-08-31"]:
        site.routes[f"/indeks/{day}"] = answer
        site.routes |= {f"/{day}/{number}": slow for number in range(4)}
    table = (folder / "outlets.toml").read_text().replace("feeds", "# feeds")
    table = table.replace("pace", f'listings = ["{site.home}/indeks/{{date:%Y-%m-%d}}"]\npace')
    (folder / "outlets.toml").write_text(table)
    command = [sys.executable, "-m", "pilkada_nlp", "fetch", *options, "--only", "satu"]
    command += ["--since", "2024-08-01", "--until", "2024-08-30", "--format", "json"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    while len(listed) < 12 and process.poll() is None:
        time.sleep(0.01)
    process.kill()
    process.communicate()
    assert 12 <= len(listed) < 31
    before = set(listed)
    listed.clear()
    rest = subprocess.run(command, capture_output=True, text=True, check=False)
    assert rest.returncode == 0, rest.stderr
    assert len(before & set(listed)) <= 3
    assert before | set(listed) == {*days, "2024-08-31"}
    with sqlite3.connect(folder / "a.db") as connection:
        assert connection.execute("SELECT count(*) FROM pages").fetchone() == (124,)
    listed.clear()
    assert subprocess.run(command, capture_output=True, check=False).returncode == 0
    assert listed == []


def test_doctor_exits_1_when_a_person_is_needed(workplace: tuple[Path, list[str]], site: Site) -> None:
    """All well is 0; a source that failed three times is named with what to look at."""
    _, options = workplace
    run("fetch", *options)
    result = run("doctor", *options)
    assert result.exit_code == 0, result.output
    assert "0 of 2 sources need a person" in result.stderr
    del site.routes["/dua/feed"]
    for _ in range(3):
        run("fetch", *options, "--only", "dua")
    result = run("doctor", *options, "--format", "json")
    assert result.exit_code == 1
    rows = {row["outlet"]: row for row in json.loads(result.stdout)}
    assert rows["satu"]["needs"] == ""
    assert rows["dua"]["needs"].startswith("failed 3 times in a row: gone (404")


def test_outlets_are_listed(workplace: tuple[Path, list[str]]) -> None:
    """The shipped ones and one's own, given or named in the configuration, with their sources."""
    folder, _ = workplace
    result = run("outlets", "list", "--outlets", str(folder / "outlets.toml"), "--format", "jsonl")
    rows = {row["id"]: row for row in map(json.loads, result.stdout.splitlines())}
    assert {"antara", "satu", "dua"} <= set(rows)
    assert rows["satu"]["sources"].startswith("feed http://127.0.0.1")
    config = folder / "config.toml"
    config.write_text(f'{config.read_text()}outlets_file = "{folder}/outlets.toml"\n')
    named = run("outlets", "list", "--config", str(config), "--format", "jsonl")
    assert named.stdout == result.stdout
    assert run("outlets", "check", "--config", str(config)).stderr == f"{len(rows)} outlets, all in good form\n"


def test_outlets_are_checked(workplace: tuple[Path, list[str]], site: Site) -> None:
    """Without ids only the form of the table; with ids each source is asked, and a failure gives exit 1."""
    folder, options = workplace
    table = ["--outlets", str(folder / "outlets.toml")]
    assert run("outlets", "check", *table).exit_code == 0
    assert site.asked == []
    result = run("outlets", "check", "satu", *options[:4], "--format", "json")
    assert result.exit_code == 0, result.output
    (row,) = json.loads(result.stdout)
    assert (row["outcome"], row["links"]) == ("fetched", 2)
    assert run("outlets", "check", "satu,dua", *options[:4], "--format", "csv").stdout.count("fetched") == 2
    del site.routes["/satu/feed"]
    assert run("outlets", "check", "satu", *options[:4]).exit_code == 1
    (folder / "outlets.toml").write_text("[[outlets]]\nid = 3\n")
    result = run("outlets", "check", *table)
    assert result.exit_code == 2
    assert "outlets.toml: outlet 3" in result.stderr


def test_add_finds_the_sources_of_a_site(workplace: tuple[Path, list[str]], site: Site) -> None:
    """What the home page and robots.txt name and really gives links is printed as TOML that can be pasted."""
    _, options = workplace
    site.page("/", HOME)
    site.page("/robots.txt", f"User-agent: *\nAllow: /\nSitemap: {site.home}/peta.xml\n", "text/plain")
    site.page("/peta.xml", f"<urlset><url><loc>{site.home}/x</loc></url></urlset>")
    site.page("/feed/", RSS)
    result = run("outlets", "add", site.home + "/", *options[:2], "--allow-private")
    assert result.exit_code == 0, result.output
    (outlet,) = tomllib.loads(result.stdout)["outlets"]
    assert (outlet["feeds"], outlet["sitemaps"]) == ([site.home + "/feed/"], [site.home + "/peta.xml"])
    assert "apis" not in outlet
    assert (outlet["pace"], outlet["allow_private"]) == (0.0, True)
    assert str(outlet["verified"]) == time.strftime("%Y-%m-%d", time.gmtime())
    assert "api" in result.stderr
    wordpress(site, [{"link": site.home + "/p", "date_gmt": "2024-11-21T00:00:00"}])
    result = run("outlets", "add", site.home + "/", *options[:2], "--allow-private")
    assert tomllib.loads(result.stdout)["outlets"][0]["apis"] == [site.home + "/wp-json/wp/v2/posts"]


def test_add_falls_back_to_headlines_or_says_what_was_tried(workplace: tuple[Path, list[str]], site: Site) -> None:
    """A page of headlines is a listing; without any the exit status is 1."""
    _, options = workplace
    site.page("/", listing_page("/a", "/b"))
    result = run("outlets", "add", site.home + "/", *options[:2], "--allow-private")
    assert tomllib.loads(result.stdout)["outlets"][0]["listings"] == [site.home + "/"]
    site.page("/", "<html></html>")
    result = run("outlets", "add", site.home + "/", *options[:2], "--allow-private")
    assert result.exit_code == 1
    assert "sitemap_index.xml: gone" in result.stderr
    assert run("outlets", "add", site.home + "/", *options[:2]).exit_code == 1
