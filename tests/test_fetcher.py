"""The door to the network, on real sockets: what misbehaves ends in a recorded reason."""

import gzip
import resource
import shutil
import socket
import ssl
import subprocess
import threading
import time
import zlib
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pilkada_nlp.article import Outlet, Page, Rejection
from pilkada_nlp.scrapers import Fetcher
from pilkada_nlp.scrapers.fetcher import AT_ONCE, Answer, Validators
from pilkada_nlp.scrapers.robots import crawl_delay, forbids, robots_of, sitemaps
from pilkada_nlp.scrapers.transport import Network, Reply, is_public
from tests.conftest import NOW, Route, Site, Time


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
    assert reason(missing) == "gone"
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
    """When the server cannot say its rules even after tries, nothing is fetched from it for an hour."""

    def failing(handler: BaseHTTPRequestHandler) -> None:
        handler.send_error(500)

    site.routes["/robots.txt"] = failing
    site.page("/a", "ada")
    result = fetcher.get(site.home + "/a", site.outlet())
    assert isinstance(result, Rejection)
    assert (result.reason, result.detail) == ("robots", "robots.txt cannot be read: 500 Internal Server Error")
    assert reason(fetcher.get(site.home + "/b", site.outlet())) == "robots"
    assert site.asked == ["/robots.txt"] * 3
    (rules,) = fetcher.robots()
    assert rules.until == NOW + timedelta(hours=1)


def test_a_host_is_asked_one_at_a_time_at_its_pace(site: Site) -> None:
    """Requests to one host never overlap, and the pause between them is the outlet's pace."""
    running = 0
    most = 0
    guard = threading.Lock()
    passing = Time()

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
    fetcher = Fetcher("uji@contoh.id", clock=passing.clock, monotonic=passing.monotonic, wait=passing.wait)
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
    assert passing.pauses.count(30.0) >= 4
    assert set(passing.pauses) == {30.0}


def test_a_crawl_delay_counts_where_it_is_longer_than_the_pace(site: Site) -> None:
    """The site's own wish is kept, up to a minute."""
    site.page("/robots.txt", "User-agent: *\nCrawl-delay: 7\n", "text/plain")
    site.page("/a", "a")
    passing = Time()
    fetcher = Fetcher("uji@contoh.id", clock=passing.clock, monotonic=passing.monotonic, wait=passing.wait)
    for _ in range(3):
        assert isinstance(fetcher.get(site.home + "/a", site.outlet(pace=1.0)), Page)
    fetcher.close()
    assert passing.pauses == [1.0, 7.0, 7.0]


def test_no_more_requests_than_seats_are_under_way() -> None:
    """However many threads ask however many hosts, the global cap holds."""
    running = most = 0
    guard = threading.Lock()
    enough = threading.Event()

    class Counting:
        def exchange(self, address: str, headers: object, **limits: object) -> Reply:
            nonlocal running, most
            with guard:
                running += 1
                most = max(most, running)
                if running == AT_ONCE:
                    enough.set()
            enough.wait(5)
            time.sleep(0.01)
            with guard:
                running -= 1
            return Reply(404, "Not Found", {}, b"")

        def stop(self) -> None:
            """Nothing to stop."""

        def close(self) -> None:
            """Nothing to close."""

    fetcher = Fetcher("uji@contoh.id", transport=Counting())
    outlet = Outlet(id="uji", name="Uji", home="https://a.id", pace=0.0)
    threads = [
        threading.Thread(target=fetcher.get, args=(f"https://a{number}.id/x", outlet)) for number in range(AT_ONCE * 2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert most == AT_ONCE


def test_passing_failures_are_tried_again(site: Site, fetcher: Fetcher) -> None:
    """503 and then 200 is a page; a server that stays down is asked three times and no more."""
    url = site.reply("/lalu", (503, {}, b""), (200, {}, b"ada"))
    page = fetcher.get(url, site.outlet())
    assert isinstance(page, Page)
    assert page.body == b"ada"
    site.reply("/mati", (503, {}, b""))
    assert reason(fetcher.get(site.home + "/mati", site.outlet())) == "http_status"
    assert site.asked.count("/mati") == 3
    assert reason(fetcher.get(site.reply("/403", (403, {}, b"")), site.outlet())) == "http_status"
    assert site.asked.count("/403") == 1


def test_tries_have_full_jitter_and_a_budget(site: Site) -> None:
    """Pauses between tries lie between zero and a doubling bound; a host that always fails is soon asked once."""
    site.page("/robots.txt", "", "text/plain")
    site.reply("/mati", (500, {}, b""))
    passing = Time()
    fetcher = Fetcher(
        "uji@contoh.id", clock=passing.clock, monotonic=passing.monotonic, wait=passing.wait, chance=lambda: 0.5
    )
    for _ in range(10):
        assert reason(fetcher.get(site.home + "/mati", site.outlet())) == "http_status"
    fetcher.close()
    assert passing.pauses[:2] == [1.0, 2.0]
    assert site.asked.count("/mati") == 10 + 6


def test_retry_after_is_obeyed_by_the_host(site: Site) -> None:
    """A short wait is waited for; a long one holds the whole host, is recorded as such, and is over in time."""
    site.page("/robots.txt", "", "text/plain")
    site.page("/lain", "lain")
    site.reply("/sebentar", (429, {"Retry-After": "20"}, b""), (200, {}, b"ada"))
    site.reply("/lama", (429, {"Retry-After": "3600"}, b""))
    passing = Time()
    fetcher = Fetcher("uji@contoh.id", clock=passing.clock, monotonic=passing.monotonic, wait=passing.wait)
    assert isinstance(fetcher.get(site.home + "/sebentar", site.outlet()), Page)
    assert passing.pauses == [20.0]
    assert reason(fetcher.get(site.home + "/lama", site.outlet())) == "http_status"
    held = fetcher.get(site.home + "/lain", site.outlet())
    assert isinstance(held, Rejection)
    assert held.reason == "waiting"
    assert "2024-11-21 16:30 UTC" in held.detail
    assert fetcher.held_until(site.home) == NOW + timedelta(seconds=3620)
    assert "/lain" not in site.asked
    passing.passed += 3600
    assert isinstance(fetcher.get(site.home + "/lain", site.outlet()), Page)
    fetcher.close()


@pytest.mark.parametrize(
    ("text", "held"),
    [("Thu, 21 Nov 2024 17:30:00 GMT", 7200), ("999999999", 86_400), ("besok", None), ("-5", None)],
)
def test_forms_of_retry_after(site: Site, fetcher: Fetcher, text: str, held: int | None) -> None:
    """A date counts like seconds, no wait is longer than a day, nonsense is left out."""
    site.reply("/a", (503, {"Retry-After": text}, b""))
    fetcher.get(site.home + "/a", site.outlet())
    assert fetcher.held_until(site.home) == (NOW + timedelta(seconds=held) if held else None)


def test_a_dead_host_is_left_alone_for_a_while(fetcher: Fetcher) -> None:
    """After three addresses that could not be reached the rest is not tried, and says so."""
    outlet = Outlet(id="uji", name="Uji", home="http://127.0.0.1:1", pace=0.0, allow_private=True)
    reasons = [reason(fetcher.get(f"http://127.0.0.1:1/{number}", outlet)) for number in range(5)]
    assert reasons == ["connection"] * 3 + ["waiting"] * 2
    assert fetcher.held_until("http://127.0.0.1:1") == NOW + timedelta(minutes=5)


def test_a_host_that_never_comes_to_an_end_is_left_alone(site: Site) -> None:
    """Three deadlines in a row, each without a second try, are enough for now."""

    def hang(handler: BaseHTTPRequestHandler) -> None:
        time.sleep(0.5)

    site.page("/robots.txt", "", "text/plain")
    site.routes |= {f"/{number}": hang for number in range(5)}
    fetcher = Fetcher("uji@contoh.id", clock=lambda: NOW, deadline=0.2)
    reasons = [reason(fetcher.get(f"{site.home}/{number}", site.outlet())) for number in range(5)]
    fetcher.close()
    assert reasons == ["deadline"] * 3 + ["waiting"] * 2


def test_what_has_not_changed_is_not_sent_again(site: Site, fetcher: Fetcher) -> None:
    """ETag and Last-Modified go back as they came; 304 is an answer without a page that keeps what it leaves out."""
    conditions: list[tuple[str | None, str | None]] = []

    def answer(handler: BaseHTTPRequestHandler) -> None:
        conditions.append((handler.headers["If-None-Match"], handler.headers["If-Modified-Since"]))
        unchanged = handler.headers["If-None-Match"] == '"a1"'
        handler.send_response(304 if unchanged else 200)
        if not unchanged:
            handler.send_header("ETag", '"a1"')
            handler.send_header("Last-Modified", "Thu, 21 Nov 2024 01:00:00 GMT")
            handler.send_header("Content-Length", "3")
        handler.end_headers()
        if not unchanged:
            handler.wfile.write(b"isi")

    site.routes["/feed"] = answer
    first = fetcher.ask(site.home + "/feed", site.outlet())
    assert isinstance(first, Answer)
    assert first.page is not None
    assert first.validators == Validators('"a1"', "Thu, 21 Nov 2024 01:00:00 GMT")
    second = fetcher.ask(site.home + "/feed", site.outlet(), first.validators)
    assert second == Answer(None, first.validators)
    assert conditions == [(None, None), ('"a1"', "Thu, 21 Nov 2024 01:00:00 GMT")]


def test_304_without_a_question_is_no_page(site: Site, fetcher: Fetcher) -> None:
    """A server that says "not modified" to somebody who has nothing is wrong, and that is recorded."""
    assert reason(fetcher.get(site.reply("/a", (304, {}, b"")), site.outlet())) == "http_status"


def test_redirects_are_checked_hop_by_hop(site: Site, fetcher: Fetcher) -> None:
    """A hop to another scheme, port or to what robots.txt forbids ends there; nothing is asked beyond."""
    site.page("/robots.txt", "User-agent: *\nDisallow: /dalam/\n", "text/plain")
    site.page("/dalam/a", "rahasia")
    for number, (target, expected) in enumerate(
        [
            (site.home + "/dalam/a", "robots"),
            ("ftp://contoh.id/a", "refused_address"),
            ("javascript:alert(1)", "refused_address"),
            ("file:///etc/passwd", "refused_address"),
            ("http://[rusak", "refused_address"),
        ]
    ):
        url = site.reply(f"/{number}", (302, {"Location": target}, b""))
        assert reason(fetcher.get(url, site.outlet())) == expected, target
    assert "/dalam/a" not in site.asked


def test_the_body_of_a_redirect_or_error_is_not_read_whole(site: Site, fetcher: Fetcher) -> None:
    """A bomb behind a redirect or a 404 costs no memory."""
    site.page("/sana", "ada")
    bomb = gzip.compress(b"0" * 200_000_000, 1)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    url = site.reply("/a", (302, {"Location": "/sana", "Content-Encoding": "gzip"}, bomb))
    assert isinstance(fetcher.get(url, site.outlet()), Page)
    assert reason(fetcher.get(site.reply("/b", (404, {"Content-Encoding": "gzip"}, bomb)), site.outlet())) == "gone"
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 60_000  # kB


def test_a_redirect_without_a_target_is_a_status(site: Site, fetcher: Fetcher) -> None:
    """There is nowhere to go, so it is an error of the server."""
    assert reason(fetcher.get(site.reply("/a", (301, {}, b"")), site.outlet())) == "http_status"


def test_bombs_of_every_encoding_are_cut_off(site: Site, fetcher: Fetcher) -> None:
    """A gzip, deflate, Brotli or Zstandard body that unpacks to 200 MB ends at the limit, in little memory."""
    import brotli
    from backports import zstd

    plain = b"0" * 200_000_000
    bombs = {
        "gzip": gzip.compress(plain, 1),
        "deflate": zlib.compress(plain, 1),
        "br": brotli.compress(plain, quality=1),
        "zstd": zstd.compress(plain),
    }
    del plain
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for encoding, body in bombs.items():
        url = site.reply(f"/{encoding}", (200, {"Content-Encoding": encoding}, body))
        assert reason(fetcher.get(url, site.outlet())) == "too_large", encoding
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 60_000  # kB


def test_encodings_are_undone_and_broken_ones_recorded(site: Site, fetcher: Fetcher) -> None:
    """What is compressed comes out as it was; what cannot be undone is a failure, not a page of garbage."""
    import brotli
    from backports import zstd

    for encoding, body in {"br": brotli.compress(b"isi"), "zstd": zstd.compress(b"isi")}.items():
        page = fetcher.get(site.reply(f"/{encoding}", (200, {"Content-Encoding": encoding}, body)), site.outlet())
        assert isinstance(page, Page)
        assert page.body == b"isi"
    url = site.reply("/rusak", (200, {"Content-Encoding": "gzip"}, b"bukan gzip"))
    assert reason(fetcher.get(url, site.outlet())) == "connection"


def test_untidy_servers_end_in_a_reason(site: Site, fetcher: Fetcher) -> None:
    """Garbage instead of HTTP, endless headers, a body longer than declared, hanging up at once: never an exception."""

    def raw(data: bytes) -> Route:
        def answer(handler: BaseHTTPRequestHandler) -> None:
            handler.wfile.write(data)
            handler.close_connection = True

        return answer

    site.routes["/sampah"] = raw(b"\x00\x01\x02 bukan http\r\n\r\n")
    site.routes["/kosong"] = raw(b"")
    site.routes["/kepala"] = raw(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 5000 + b"\r\n")
    site.routes["/panjang"] = raw(b"HTTP/1.1 200 OK\r\nX: " + b"y" * 100_000 + b"\r\n\r\n")
    site.routes["/chunk"] = raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")
    site.routes["/negatif"] = raw(b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nisi")
    for number, path in enumerate(("/sampah", "/kosong", "/kepala", "/panjang", "/chunk")):
        outlet = site.outlet(id=f"o{number}")
        fetcher = Fetcher("uji@contoh.id", clock=lambda: NOW, chance=lambda: 0.0, deadline=1.5)
        assert reason(fetcher.get(site.home + path, outlet)) == "connection", path
        fetcher.close()
    longer = fetcher_for().get(site.reply("/lebih", (200, {"Content-Length": "3"}, b"isi dan lebih")), site.outlet())
    assert isinstance(longer, Page)
    assert longer.body == b"isi"
    assert isinstance(fetcher_for().get(site.home + "/negatif", site.outlet()), Page | Rejection)


def fetcher_for() -> Fetcher:
    """Return a fetcher that has met no host yet."""
    return Fetcher("uji@contoh.id", clock=lambda: NOW, chance=lambda: 0.0, deadline=1.5)


def test_a_handshake_that_never_ends_meets_the_deadline(fetcher: Fetcher) -> None:
    """A server that drips a TLS record byte by byte is hung up on like one that drips a page."""
    listener = socket.create_server(("127.0.0.1", 0))

    def drip() -> None:
        with suppress(OSError):
            while True:
                line, _ = listener.accept()
                line.sendall(b"\x16\x03\x03\x40\x00")
                for _ in range(100):
                    line.sendall(b"\x00")
                    time.sleep(0.1)

    threading.Thread(target=drip, daemon=True).start()
    home = f"https://127.0.0.1:{listener.getsockname()[1]}"
    began = time.monotonic()
    result = fetcher.get(home + "/a", Outlet(id="uji", name="Uji", home=home, pace=0.0, allow_private=True))
    listener.close()
    assert reason(result) in ("deadline", "robots")
    assert time.monotonic() - began < 8


@pytest.fixture
def tls_site(tmp_path: Path) -> Iterator[tuple[Site, Path]]:
    """A site with a certificate of its own making for "localhost", and that certificate."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("needs the program openssl to make a certificate")
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    command = [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    command += ["-addext", "subjectAltName=DNS:localhost", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(command, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    site = Site()
    site.server.socket = context.wrap_socket(site.server.socket, server_side=True)
    site.home = site.home.replace("http:", "https:").replace("127.0.0.1", "localhost")
    yield site, certificate
    site.close()


def test_a_certificate_that_nobody_vouches_for_is_refused(tls_site: tuple[Site, Path], fetcher: Fetcher) -> None:
    """TLS is verified: a server with a certificate of its own making gets no request."""
    site, _ = tls_site
    result = fetcher.get(site.page("/a", "a"), site.outlet())
    assert isinstance(result, Rejection)
    assert result.reason == "connection"
    assert "certificate" in result.detail.lower()
    assert site.asked == []


def test_a_certificate_counts_for_its_own_name_only(tls_site: tuple[Site, Path]) -> None:
    """With an authority that vouches for it the server is read, but not under another name."""
    site, certificate = tls_site
    network = Network(ssl.create_default_context(cafile=str(certificate)))
    fetcher = Fetcher("uji@contoh.id", transport=network, chance=lambda: 0.0)
    page = fetcher.get(site.page("/a", "ada"), site.outlet())
    assert isinstance(page, Page)
    assert page.body == b"ada"
    other = site.home.replace("localhost", "127.0.0.1")
    assert reason(fetcher.get(other + "/a", site.outlet())) == "connection"
    fetcher.close()


def test_nginx_is_read_like_any_server(tmp_path: Path, fetcher: Fetcher) -> None:
    """Real HTTP of a real server: gzip on the fly, 304 by ETag, redirects with a slash, 404, kept connections."""
    nginx = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if nginx is None:
        pytest.skip("needs the program nginx")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    (tmp_path / "berita").mkdir()
    (tmp_path / "berita" / "index.html").write_text("Pengawas mencatat tahapan. " * 500)
    (tmp_path / "nginx.conf").write_text(
        f"""daemon off; master_process off; pid {tmp_path}/pid; error_log {tmp_path}/error.log; events {{}}
        http {{ access_log off; gzip on; gzip_min_length 100; default_type text/html;
        client_body_temp_path {tmp_path}/b;
        proxy_temp_path {tmp_path}/p; fastcgi_temp_path {tmp_path}/f; uwsgi_temp_path {tmp_path}/u;
        scgi_temp_path {tmp_path}/s; server {{ listen 127.0.0.1:{port}; root {tmp_path}; }} }}"""
    )
    process = subprocess.Popen([nginx, "-p", str(tmp_path), "-c", str(tmp_path / "nginx.conf")])
    home = f"http://127.0.0.1:{port}"
    outlet = Outlet(id="uji", name="Uji", home=home, pace=0.0, allow_private=True)
    try:
        for _ in range(200):
            with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            time.sleep(0.02)
        answer = fetcher.ask(f"{home}/berita", outlet)
        assert isinstance(answer, Answer)
        assert answer.page is not None
        assert answer.page.url == f"{home}/berita/"
        assert len(answer.page.body) == 13_500
        assert answer.validators.etag
        again = fetcher.ask(f"{home}/berita/", outlet, answer.validators)
        assert isinstance(again, Answer)
        assert again.page is None
        assert reason(fetcher.get(f"{home}/tidak-ada", outlet)) == "gone"
    finally:
        process.terminate()
        process.wait()


# robots.txt

_PATHS = st.text(alphabet="abc/-._~%?=&", min_size=1, max_size=12).map(lambda text: "/" + text.lstrip("/"))


@given(st.lists(_PATHS, max_size=6), _PATHS)
def test_what_no_rule_names_is_allowed(rules: list[str], path: str) -> None:
    """Without a matching rule everything is allowed; a rule for the whole site forbids everything."""
    home = "https://a.id"
    others = "".join(f"Disallow: {rule}\n" for rule in rules if not path.startswith(rule.rstrip("?&=")[:2]))
    assert (
        not forbids(robots_of(home, f"User-agent: *\n{others}".encode(), NOW), home + path.replace("%", "")) or others
    )
    assert forbids(robots_of(home, b"User-agent: *\nDisallow: /\n", NOW), home + path)
    assert not forbids(robots_of(home, b"User-agent: *\nDisallow:\n", NOW), home + path)
    assert not forbids(robots_of(home, b"", NOW), home + path)


@given(st.binary(max_size=300))
def test_any_bytes_are_rules(text: bytes) -> None:
    """Whatever stands in robots.txt, asking it raises nothing, and a delay is between 0 and a minute."""
    rules = robots_of("https://a.id", text, NOW)
    assert forbids(rules, "https://a.id/a") in (True, False)
    assert 0.0 <= crawl_delay(rules) <= 60.0
    assert all(isinstance(address, str) for address in sitemaps(rules))


@pytest.mark.parametrize(
    ("text", "path", "forbidden"),
    [
        ("User-agent: *\nDisallow: /a\n", "/a/b", True),
        ("User-agent: *\nDisallow: /a\nAllow: /a/b\n", "/a/b", False),
        ("User-agent: *\nDisallow: /\n\nUser-agent: pilkada-nlp\nDisallow: /x\n", "/a", False),
        ("User-agent: lain\nDisallow: /\n", "/a", False),
        ("User-agent: *\nDisallow: /*.pdf$\n", "/a.pdf", True),
        ("User-agent: *\nDisallow: /*.pdf$\n", "/a.pdf.html", False),
        ("\ufeffUser-agent: *\r\nDisallow: /a\r\n", "/a", True),
        ("Disallow: /a\n", "/a", False),
        ("User-agent: *\nDisallow: /b%C3%A9\n", "/b\u00e9", True),
    ],
)
def test_rules_are_those_of_rfc_9309(text: str, path: str, forbidden: bool) -> None:
    """The longest match counts, a group of our own stands for all, wildcards and ends work."""
    assert forbids(robots_of("https://a.id", text.encode(), NOW), "https://a.id" + path) is forbidden


def test_rules_are_read_again_after_a_day_and_shared_between_runs(site: Site) -> None:
    """A later fetcher starts with what an earlier one learned, until it is a day old."""
    site.page("/robots.txt", "User-agent: *\nDisallow: /dalam/\n", "text/plain")
    site.page("/a", "a")
    passing = Time()
    first = Fetcher("uji@contoh.id", clock=passing.clock)
    first.get(site.home + "/a", site.outlet())
    second = Fetcher("uji@contoh.id", clock=passing.clock, robots=first.robots())
    assert reason(second.get(site.home + "/dalam/x", site.outlet())) == "robots"
    assert site.asked == ["/robots.txt", "/a"]
    passing.passed += 86_400
    second.get(site.home + "/a", site.outlet())
    assert site.asked == ["/robots.txt", "/a", "/robots.txt", "/a"]
    first.close()
    second.close()
