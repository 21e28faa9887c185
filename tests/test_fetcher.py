"""The door to the network, on real sockets: what misbehaves ends in a recorded reason."""

import gzip
import threading
import time
from http.server import BaseHTTPRequestHandler

import pytest

from pilkada_nlp.article import Outlet, Page, Rejection
from pilkada_nlp.scrapers import Fetcher
from pilkada_nlp.scrapers.fetcher import is_public
from tests.conftest import NOW, Site


def reason(result: Page | Rejection) -> str:
    """Return why something was set aside."""
    assert isinstance(result, Rejection)
    return result.reason


def test_a_page_comes_with_its_provenance(site: Site, fetcher: Fetcher) -> None:
    """A fetched page knows what was asked, what answered, when, and for whom; the User-Agent names a contact."""
    agents: list[str | None] = []
    url = site.page("/a", "halo")
    inner = site.routes["/a"]

    def answer(handler: BaseHTTPRequestHandler) -> None:
        agents.append(handler.headers["User-Agent"])
        inner(handler)

    site.routes["/a"] = answer
    page = fetcher.get(url, site.outlet())
    assert isinstance(page, Page)
    assert (page.requested_url, page.url, page.outlet, page.fetched_at, page.body) == (url, url, "uji", NOW, b"halo")
    assert agents[0] is not None
    assert "pilkada-nlp/" in agents[0]
    assert "uji@contoh.id" in agents[0]


def test_redirects_are_followed_and_loops_end(site: Site, fetcher: Fetcher) -> None:
    """A redirect leads to the page; a circle ends with a reason."""
    site.page("/there", "ada")

    def redirect(to: str) -> None:
        def answer(handler: BaseHTTPRequestHandler) -> None:
            handler.send_response(302)
            handler.send_header("Location", to)
            handler.send_header("Content-Length", "0")
            handler.end_headers()

        site.routes["/loop" if to == "/loop" else "/here"] = answer

    redirect("/there")
    redirect("/loop")
    page = fetcher.get(site.home + "/here", site.outlet())
    assert isinstance(page, Page)
    assert page.url == site.home + "/there"
    assert reason(fetcher.get(site.home + "/loop", site.outlet())) == "redirect"


def test_private_addresses_are_refused(site: Site, fetcher: Fetcher) -> None:
    """An outlet on the public net may not lead to this machine, by name or by number."""
    site.page("/a", "rahasia")
    port = site.server.server_port
    outlet = site.outlet(allow_private=False)
    assert reason(fetcher.get(f"http://127.0.0.1:{port}/a", outlet)) == "refused_address"
    for host in ("localhost", "127.0.0.1", "[::1]", "0.0.0.0"):
        result = fetcher.get(f"http://{host}:8080/a", outlet)
        assert reason(result) in ("refused_address", "connection"), host
    assert site.asked == []


def test_a_name_that_resolves_to_this_machine_is_refused_on_the_socket(fetcher: Fetcher) -> None:
    """The check holds on the connected socket, so a name that points inside is refused though its port is open."""
    for port in (8080, 8443):
        try:
            site = Site(port)
        except OSError:
            continue
        result = fetcher.get(f"http://localhost:{port}/a", site.outlet(allow_private=False))
        site.close()
        assert isinstance(result, Rejection)
        assert result.reason == "refused_address"
        assert "private address 127.0.0.1" in result.detail
        assert site.asked == []
        return
    pytest.skip("needs port 8080 or 8443 on this machine, and both are taken")


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("8.8.8.8", True),
        ("2606:4700::1111", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("::1", False),
        ("::ffff:127.0.0.1", False),
        ("2002:7f00:1::", False),
        ("64:ff9b::7f00:1", False),
        ("fe80::1%eth0", False),
    ],
)
def test_which_addresses_are_public(address: str, public: bool) -> None:
    """Private, link-local, shared, wrapped and multicast addresses are not public."""
    assert is_public(address) is public


def test_a_dripping_server_meets_the_deadline(site: Site, fetcher: Fetcher) -> None:
    """One byte now and then does not hold the client: the whole download has one deadline, headers included."""

    def drip_body(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Type", "text/html")
        handler.end_headers()
        drip(handler)

    def drip(handler: BaseHTTPRequestHandler) -> None:
        try:
            for _ in range(100):
                handler.wfile.write(b"x")
                handler.wfile.flush()
                time.sleep(0.1)
        except OSError:
            return

    site.routes["/body"] = drip_body
    site.routes["/head"] = drip
    for path in ("/body", "/head"):
        began = time.monotonic()
        assert reason(fetcher.get(site.home + path, site.outlet())) == "deadline"
        assert time.monotonic() - began < 6


def test_sizes_are_capped_after_decompression(site: Site, fetcher: Fetcher) -> None:
    """A small gzip that unpacks to 60 MB is cut off, and so is a long plain body."""
    bomb = gzip.compress(b"0" * 60_000_000)

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Encoding", "gzip")
        handler.send_header("Content-Length", str(len(bomb)))
        handler.end_headers()
        handler.wfile.write(bomb)

    site.routes["/bomb"] = answer
    site.page("/long", "x" * 5000)
    assert reason(fetcher.get(site.home + "/bomb", site.outlet())) == "too_large"
    assert reason(fetcher.get(site.home + "/long", site.outlet(), limit=1000)) == "too_large"


def test_a_body_shorter_than_declared_is_no_page(site: Site, fetcher: Fetcher) -> None:
    """A connection that breaks off is a failure, not a short article."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "1000")
        handler.end_headers()
        handler.wfile.write(b"putus")

    site.routes["/short"] = answer
    assert reason(fetcher.get(site.home + "/short", site.outlet())) == "connection"


def test_errors_of_servers_and_addresses_are_told_apart(site: Site, fetcher: Fetcher) -> None:
    """Status, refused scheme, refused port, no server: each has its own reason and says what it met."""

    def overloaded(handler: BaseHTTPRequestHandler) -> None:
        handler.send_error(503)

    site.routes["/busy"] = overloaded
    outlet = site.outlet()
    missing = fetcher.get(site.home + "/none", outlet)
    assert reason(missing) == "http_status"
    assert isinstance(missing, Rejection)
    assert missing.detail.startswith("404")
    assert reason(fetcher.get(site.home + "/busy", outlet)) == "http_status"
    assert reason(fetcher.get("ftp://contoh.id/a", outlet)) in ("refused_address", "connection")
    assert reason(fetcher.get("http://contoh.id:22/a", site.outlet(allow_private=False))) == "refused_address"
    assert reason(fetcher.get("http://127.0.0.1:1/a", outlet)) == "connection"


def test_robots_txt_is_obeyed(site: Site, fetcher: Fetcher) -> None:
    """What robots.txt forbids is not asked for, and the file is read once."""
    site.page("/robots.txt", "User-agent: *\nDisallow: /dalam/\n", "text/plain")
    site.page("/dalam/a", "rahasia")
    site.page("/luar", "umum")
    outlet = site.outlet()
    assert reason(fetcher.get(site.home + "/dalam/a", outlet)) == "robots"
    assert isinstance(fetcher.get(site.home + "/luar", outlet), Page)
    assert site.asked == ["/robots.txt", "/luar"]


def test_a_failing_robots_txt_means_not_now(site: Site, fetcher: Fetcher) -> None:
    """When the server cannot say its rules, nothing is fetched from it."""

    def failing(handler: BaseHTTPRequestHandler) -> None:
        handler.send_error(500)

    site.routes["/robots.txt"] = failing
    site.page("/a", "ada")
    assert reason(fetcher.get(site.home + "/a", site.outlet())) == "http_status"
    assert site.asked == ["/robots.txt"]


def test_a_host_is_asked_one_at_a_time_at_its_pace(site: Site) -> None:
    """Requests to one host never overlap, and the pause between them is the outlet's pace."""
    running = 0
    most = 0
    guard = threading.Lock()
    pauses: list[float] = []

    def answer(handler: BaseHTTPRequestHandler) -> None:
        nonlocal running, most
        with guard:
            running += 1
            most = max(most, running)
        time.sleep(0.02)
        with guard:
            running -= 1
        handler.send_error(404)

    site.routes = {f"/{number}": answer for number in range(4)}
    fetcher = Fetcher("uji@contoh.id", clock=lambda: NOW, wait=pauses.append)
    outlet: Outlet = site.outlet(pace=30.0)
    threads = [
        threading.Thread(target=fetcher.get, args=(f"{site.home}/{number}", outlet), daemon=True) for number in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    fetcher.close()
    assert most == 1
    assert len(pauses) >= 4
    assert all(25 < pause <= 30 for pause in pauses)
