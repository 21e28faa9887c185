"""A small news site on loopback, and the daily job run on it over real HTTP.

Three outlets written for this project announce 30 pages by feed, sitemap and listing. They carry the traps of real
pages: "Baca juga" boxes with risky headlines, a split article whose ruling stands on the last page, an advertorial, one
release in two outlets, a consent wall, an index page, a wrong date, a missing one.
"""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import resources
from pathlib import Path
from typing import Any, Final, NamedTuple
from urllib.parse import parse_qs, urlsplit

import msgspec

from pilkada_nlp.archive import Archive
from pilkada_nlp.article import ZONES, Outlet, Selectors
from pilkada_nlp.daily import DailyResult, run_daily
from pilkada_nlp.errors import OutputError
from pilkada_nlp.fetching import Progress, silent
from pilkada_nlp.scrapers import Fetcher
from pilkada_nlp.wording import Language

DEMO_DAY: Final = date(2024, 11, 21)
_NOW: Final = datetime(2024, 11, 21, 15, 30, tzinfo=UTC)  # 22.30 WIB: the evening of that day
_NOTICE: Final[dict[Language, str]] = {
    "id": "Peragaan: artikel, outlet, dan rincian di halaman ini ditulis untuk menunjukkan cara kerja; bukan berita.",
    "en": "Demonstration: the articles, outlets and details on this page were written to show how it works; not news.",
}


class DemoArticle(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A line of `articles.jsonl`: `page_breaks` are the numbers of the paragraphs with which a new page begins."""

    outlet: str
    slug: str
    title: str
    published: datetime | None
    section: str
    author: str
    paragraphs: tuple[str, ...]
    read_also: tuple[str, ...]
    closing: str
    page_breaks: tuple[int, ...]
    kind: str

    def page(self, number: int) -> list[str]:
        """Return the paragraphs of a page, counted from 1; the closing mark stands on the last."""
        edges = [0, *self.page_breaks, len(self.paragraphs)]
        texts = list(self.paragraphs[edges[number - 1] : edges[number]])
        return [*texts, self.closing] if self.closing and number == self.pages else texts

    @property
    def pages(self) -> int:
        """The number of pages."""
        return len(self.page_breaks) + 1


class _Site(NamedTuple):
    """One outlet: how its pages look, how it announces them, and which zone it writes in."""

    name: str
    zone: str
    announces: str
    regions: tuple[str, ...]
    selectors: Selectors


_SITES: Final = {
    "kabarmahakam": _Site("Kabar Mahakam", "Asia/Makassar", "feeds", ("64",), Selectors()),
    "wartanusa": _Site(
        "Warta Nusa",
        "Asia/Jakarta",
        "sitemaps",
        (),
        Selectors(title="h1.judul", body="div.isi-berita", date="div.waktu"),
    ),
    "lensapesisir": _Site("Lensa Pesisir", "Asia/Makassar", "listings", ("64", "63", "65"), Selectors(date=".tanggal")),
}
_ANNOUNCED_AT: Final = {"feeds": "/feed/", "sitemaps": "/sitemap.xml", "listings": "/berita/"}


def demo_articles() -> list[DemoArticle]:
    """Return the 30 items of the site."""
    lines = resources.files(__package__).joinpath("articles.jsonl").read_text(encoding="utf-8").splitlines()
    return [msgspec.json.decode(line, type=DemoArticle) for line in lines]


@contextmanager
def serve_site(articles: Sequence[DemoArticle] | None = None) -> Iterator[list[Outlet]]:
    """Serve the three outlets on loopback while the context lasts, and give them as outlets to read."""
    articles = demo_articles() if articles is None else articles
    servers: list[ThreadingHTTPServer] = []
    outlets: list[Outlet] = []
    try:
        for key, site in _SITES.items():
            own = [article for article in articles if article.outlet == key]
            server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(key, site, own))
            server.daemon_threads = True
            servers.append(server)
            threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
            home = f"http://127.0.0.1:{server.server_port}"
            outlets.append(
                Outlet(
                    id=key,
                    name=site.name,
                    home=home,
                    regions=site.regions,
                    timezone=site.zone,
                    selectors=(site.selectors,),
                    pace=0.0,
                    allow_private=True,
                    **{site.announces: (home + _ANNOUNCED_AT[site.announces],)},  # type: ignore[arg-type]
                )
            )
        yield outlets
    finally:
        for server in servers:
            server.shutdown()
            server.server_close()


def _handler(key: str, site: _Site, articles: Sequence[DemoArticle]) -> type[BaseHTTPRequestHandler]:
    by_slug = {article.slug: article for article in articles}

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            home = f"http://{self.headers.get('Host', '127.0.0.1')}"
            slug = parts.path.strip("/").rpartition("/")[2]
            if parts.path == "/robots.txt":
                self._answer("text/plain", "User-agent: *\nDisallow: /redaksi/\n")
            elif parts.path == _ANNOUNCED_AT[site.announces]:
                kind = "text/html" if site.announces == "listings" else "application/xml"
                self._answer(kind, _render(f"{site.announces}.j2", key, site, home, articles=articles, rfc822=_rfc822))
            elif slug in by_slug:
                article = by_slug[slug]
                number = parse_qs(parts.query).get("page", ["1"])[0]
                page = min(int(number), article.pages) if number.isdecimal() and int(number) else 1
                template = f"{article.kind if article.kind != 'article' else key}.html.j2"
                self._answer(
                    "text/html",
                    _render(template, key, site, home, article=article, page=page, shown=_shown(article, site)),
                )
            else:
                self.send_error(404)

        def _answer(self, kind: str, text: str) -> None:
            body = text.encode()
            self.send_response(200)
            self.send_header("Content-Type", f"{kind}; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the name is the base class's
            """Keep quiet: what was fetched is in the archive."""

    return Handler


def _render(template: str, key: str, site: _Site, home: str, **fields: Any) -> str:
    import jinja2

    environment = jinja2.Environment(loader=jinja2.PackageLoader(__name__), autoescape=True, trim_blocks=True)
    return environment.get_template(template).render(site=site, key=key, home=home, **fields)


def _rfc822(moment: datetime) -> str:
    return format_datetime(moment)


def _shown(article: DemoArticle, site: _Site) -> str:
    """Return the time as the outlet prints it under the headline, "" when the article shows none."""
    from pilkada_nlp.summary import long_date

    if article.published is None:
        return ""
    name, zone = ZONES[site.zone]
    local = article.published.astimezone(zone)
    return f"{long_date(local.date(), 'id')} {local:%H:%M} {name}"


def run_demo(out: Path, language: Language = "id", progress: Progress = silent) -> DailyResult:
    """Run the daily job for 21 November 2024 on the demonstration site and write into `out`.

    The archive of an earlier demonstration in `out` is removed, since the site's addresses change with every start.
    Raises OutputError when `out` cannot be written.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
        for old in out.glob("demo-archive.db*"):
            old.unlink()
    except OSError as error:
        raise OutputError(f"cannot be written ({error.strerror}); name another folder with --out", out) from error
    archive = Archive(f"sqlite:///{(out / 'demo-archive.db').resolve()}")
    fetcher = Fetcher("peragaan di mesin ini", clock=lambda: _NOW)
    try:
        with serve_site() as outlets:
            return run_daily(
                DEMO_DAY,
                outlets,
                archive,
                out,
                fetcher,
                language=language,
                notice=_NOTICE[language],
                progress=progress,
            )
    finally:
        fetcher.close()
        archive.close()
