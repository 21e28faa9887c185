"""Alerts: what raises one and what does not, what it says, and that each arrives although channels fail."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiosmtpd.controller import Controller

from pilkada_nlp.alerts import own_watches, raise_alerts, send, try_channels
from pilkada_nlp.alerts.courier import Receipt, deliver
from pilkada_nlp.alerts.messages import LONGEST
from pilkada_nlp.alerts.rules import is_harm, is_stop
from pilkada_nlp.archive import Archive
from pilkada_nlp.article import RegionTag
from pilkada_nlp.article.findings import (
    Alert,
    Decision,
    Sentence,
    Story,
    StoryMember,
    WatchlistEntry,
    WatchReason,
)
from pilkada_nlp.config import Address, AlertSettings
from pilkada_nlp.elections import load_calendar
from pilkada_nlp.errors import ConfigError
from pilkada_nlp.watchlist import Watch

DAY = date(2024, 10, 2)
NOW = datetime(2024, 10, 2, 5, 0, tzinfo=UTC)  # noon in WIB
SECRET = "RAHASIA8841xyz"  # noqa: S105  # it opens nothing; it must not show
TWO = AlertSettings(channels={"redaksi": Address("json://127.0.0.1:9"), "lapangan": Address("json://127.0.0.1:9")})


def story_of(sentence: str = "", **fields: Any) -> Story:
    """Return a story of one article in Berau, an incident of severity 2."""
    name = fields.get("id", "a1")
    member = StoryMember(
        article=name, outlet="uji", url=f"https://contoh.id/{name}", source_kind="media", similarity=1.0
    )
    shown = Sentence(article=name, outlet="uji", url=member.url, start=0, end=9, text=sentence, speaker="Kapolres")
    standard: dict[str, Any] = {
        "id": name,
        "day": DAY,
        "published_at": NOW,
        "lead": name,
        "title": "Judul cerita",
        "election": "pilkada",
        "regions": (RegionTag(code="64.03", name="Kab. Berau", role="peristiwa", score=1.0),),
        "themes": (("keamanan", "pokok"),),
        "modality": "kejadian",
        "outcome": None,
        "severity": 2,
        "independence": 1.0,
        "members": (member,),
        "sentences": (shown,) if sentence else (),
    }
    return Story(**{**standard, **fields})


def entry_of(story: Story, **fields: Any) -> WatchlistEntry:
    """Return the entry of the watchlist that a story makes by itself."""
    reason = WatchReason(
        story=story.id,
        title=story.title,
        url=story.members[0].url,
        modality=story.modality,
        outcome=None,
        severity=story.severity,
        age_days=0,
        weight=2.0,
        sentences=story.sentences,
    )
    standard: dict[str, Any] = {
        "day": DAY,
        "region": "64.03",
        "region_name": "Kab. Berau",
        "theme": "keamanan",
        "level": "tinggi",
        "score": 5.0,
        "counts": {"kejadian": 1},
        "reasons": (reason,),
    }
    return WatchlistEntry(**{**standard, **fields})


def raised(*stories: Story, entries: tuple[WatchlistEntry, ...] = (), **fields: Any) -> list[Alert]:
    """Return the alerts that stories raise."""
    standard: dict[str, Any] = {"watches": (), "calendar": load_calendar(), "settings": TWO, "now": NOW, "day": DAY}
    return raise_alerts(stories, entries, **{**standard, **fields})


def alert_of(number: int, channel: str = "redaksi", **fields: Any) -> Alert:
    """Return an alert, raised as many minutes before noon as 100 less its number."""
    at = NOW - timedelta(minutes=100 - number)
    standard: dict[str, Any] = {"id": f"{number}-{channel}", "event": str(number), "reason": "severity"}
    return Alert(
        **{**standard, "channel": channel, "title": f"Judul {number}", "text": "Isi", "created_at": at, **fields}
    )


class Receiver:
    """A webhook on loopback: `got` lists the messages, `statuses` what is answered in turn (200 when used up)."""

    def __init__(self) -> None:
        self.got: list[dict[str, Any]] = []
        self.statuses: list[int] = []
        self.arrived = threading.Semaphore(0)
        self.hold: Callable[[], object] = lambda: None
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                receiver.got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                receiver.arrived.release()
                receiver.hold()
                self.send_response(receiver.statuses.pop(0) if receiver.statuses else 200)
                self.send_header("Content-Length", "2")
                self.send_header("Location", "/lain")
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the name is the base class's
                """Keep quiet."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_port
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def settings(self, **fields: Any) -> AlertSettings:
        """Return settings with the one channel "redaksi", which is this webhook, with a secret in its address."""
        return AlertSettings(channels={"redaksi": Address(f"json://petugas:{SECRET}@127.0.0.1:{self.port}")}, **fields)

    def titles(self) -> list[str]:
        """Return the titles of the messages."""
        return [message["title"] for message in self.got]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A webhook."""
    receiver = Receiver()
    yield receiver
    receiver.server.shutdown()
    receiver.server.server_close()


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    """An empty archive."""
    with closing(Archive(f"sqlite:///{tmp_path}/arsip.db")) as archive:
        yield archive


# What raises an alert


def test_the_highest_severity_is_told_to_every_channel_at_once() -> None:
    """One alert a channel, urgent, whatever kind of signal it is."""
    for modality in ("kejadian", "dugaan", "putusan"):
        alerts = raised(story_of(severity=4, modality=modality))
        assert {alert.channel for alert in alerts} == {"redaksi", "lapangan"}
        assert all(alert.urgent and alert.reason == "severity" for alert in alerts)


@pytest.mark.parametrize(
    "fields",
    [
        {"modality": "imbauan"},
        {"modality": "potensi"},
        {"modality": "cek_fakta"},
        {"is_aggregate": True},
        {"election": "pemilu"},
        {"outcome": "tidak_terbukti"},
        {"day": DAY - timedelta(days=2)},
        {"severity": 3},
    ],
)
def test_what_is_no_news_of_harm_raises_nothing(fields: dict[str, Any]) -> None:
    """Appeals, maps, debunked claims, round-ups, other elections, dropped cases, old news, and what can wait."""
    assert raised(story_of(**{"severity": 4, **fields})) == []


def test_severity_3_counts_around_voting_day_only() -> None:
    """From three days before to two days after, and around a re-vote in its own region only."""

    def reasons(day: date, severity: int = 3, code: str = "64.03") -> set[str]:
        place = RegionTag(code=code, name="Kab. Berau", role="peristiwa", score=1.0)
        return {alert.reason for alert in raised(story_of(day=day, severity=severity, regions=(place,)), day=day)}

    for day, told in ((23, set()), (24, {"voting_day"}), (29, {"voting_day"}), (30, set())):
        assert reasons(date(2024, 11, day)) == told
    assert reasons(date(2024, 11, 27), severity=2) == set()
    bangka = "19.01"  # votes again where the empty column had won
    assert (reasons(date(2025, 8, 27), code=bangka), reasons(date(2025, 8, 27))) == ({"voting_day"}, set())


@pytest.mark.parametrize(
    "sentence",
    [
        "Anggota KPPS di Desa Sukamaju tewas setelah dianiaya sekelompok orang.",
        "Ketua KPPS TPS 04 berinisial AS (45), meninggal dunia diduga karena kelelahan usai penghitungan.",
        "Seorang petugas PPS dikeroyok massa.",
        "Penganiayaan terhadap anggota Panwascam itu terjadi Rabu malam.",
        "Rumah Ketua KPU dibakar orang tak dikenal.",
        "Tiga polisi luka-luka terkena lemparan batu.",
        "Polisi dan warga luka-luka dalam bentrok itu.",
        "Bentrokan itu menewaskan seorang petugas Linmas.",
        "Camat disandera warga semalaman.",
        "Seorang komisioner KPU diancam dibunuh lewat pesan singkat.",
        "Massa memukul anggota PPK saat pleno.",
        "Kepala desa mobilnya dirusak massa.",
        "Saksi paslon nomor 2 tewas dibacok.",
        "Ketua KPPS menjadi korban penganiayaan saat membagikan undangan.",
    ],
)
def test_harm_to_organisers_and_officials_is_read_from_the_words(sentence: str) -> None:
    """The person and what befell him stand in one sentence."""
    assert is_harm(sentence)
    alerts = raised(story_of(sentence))
    assert [alert.reason for alert in alerts] == ["organiser_harmed"] * 2
    assert not any(alert.urgent for alert in alerts)
    assert raised(story_of(sentence, modality="dugaan"))
    assert raised(story_of(sentence, modality="putusan")) == []


@pytest.mark.parametrize(
    "sentence",
    [
        "Polisi menyebut korban tewas di tempat.",
        "Kapolres mengatakan tiga warga luka-luka.",
        "Dua warga luka-luka, kata Kapolres.",
        "Tidak ada anggota KPPS yang meninggal.",
        "Warga dipukul anggota KPPS.",
        "Warga tewas ditembak polisi.",
        "Pendukung calon bupati dikeroyok.",
        "Polisi menangkap pelaku yang menikam warga hingga tewas.",
        "KPU menyiapkan santunan bagi petugas KPPS yang meninggal.",
        "Penganiayaan oleh anggota polisi dilaporkan.",
        "Jika petugas KPPS luka, tim medis siap.",
        "Istri Ketua KPPS meninggal dunia.",
        "Bupati melayat korban tewas.",
        "Dalam simulasi itu seorang polisi luka terkena lemparan.",
        "Pada Pemilu 2019 ratusan petugas KPPS meninggal.",
        "Kabar petugas KPPS dianiaya itu hoaks.",
        "Kantor Panwaslu dilempari telur busuk.",
    ],
)
def test_officials_who_speak_act_or_are_said_to_be_safe_are_not_harmed(sentence: str) -> None:
    """Most reports of harm quote the police; rehearsals, rumours and earlier elections are told in the same words."""
    assert raised(story_of(sentence)) == []


def test_a_stage_that_stops_is_told_but_not_a_rest() -> None:
    """A tabulation that breaks off, a vote put off; not the pause at noon, one polling station, or a mere demand."""
    for sentence in (
        "Rapat pleno rekapitulasi tingkat kabupaten diskors karena ricuh.",
        "Pemungutan suara di Distrik Mulia ditunda.",
        "KPU menunda pemungutan suara sampai keadaan tenang.",
    ):
        assert is_stop(sentence)
        assert {alert.reason for alert in raised(story_of(sentence))} == {"stage_stopped"}
    for sentence in (
        "Pleno diskors untuk istirahat.",
        "Pemungutan suara di TPS 3 dihentikan.",
        "Pilkada tidak ditunda.",
        "Saksi meminta pleno ditunda.",
    ):
        assert raised(story_of(sentence)) == []
    ruling = {"modality": "putusan", "title": "Pemungutan suara di Bima ditunda"}
    assert raised(story_of(**ruling))
    assert raised(story_of("Rapat pleno kabupaten ditunda sehari.", modality="putusan")) == []


def test_a_story_that_grows_is_one_event_until_it_becomes_serious() -> None:
    """The same ids with more members and sources, new ones at severity 4."""
    early = story_of("Ketua KPPS dianiaya.", severity=3)
    grown = story_of("Ketua KPPS dianiaya.", severity=3, sources=4, title="Judul lain", day=DAY)
    grave = story_of("Ketua KPPS dianiaya.", severity=4)
    ids = [{alert.id for alert in raised(story)} for story in (early, grown, grave)]
    assert ids[0] == ids[1]
    assert ids[0].isdisjoint(ids[2])


def test_a_follow_up_is_an_event_only_for_a_new_reason() -> None:
    """The case of a killing does not alert each day; that the vote is then put off does, and so does a ruling."""
    killing = story_of("Anggota KPPS tewas dianiaya.", severity=4, day=DAY - timedelta(days=5))
    again = story_of("Anggota KPPS yang tewas dianiaya dimakamkan.", id="b2", severity=4, follows="a1")
    assert raised(killing, again) == []
    stopped = story_of("Pemungutan suara ditunda sepekan.", id="c3", severity=4, follows="b2")
    assert {alert.reason for alert in raised(killing, again, stopped)} == {"stage_stopped"}
    ruling = story_of("Pasangan calon didiskualifikasi.", id="d4", severity=4, follows="a1", modality="putusan")
    assert {alert.event for alert in raised(killing, ruling)} == {"d4/4"}


def test_a_circle_of_follow_ups_ends() -> None:
    """Two stories that are said to follow each other, as bad data can have it."""
    one, two = story_of(severity=4, follows="b2"), story_of(id="b2", severity=4, follows="a1")
    assert raised(one, two) == []


def test_what_an_analyst_muted_is_silent_unless_serious() -> None:
    """Muting an entry silences stories that belong to it alone."""
    story = story_of("Ketua KPPS dianiaya.")
    decision = Decision(entry="64.03/keamanan", action="mute", at=NOW, by="analis")
    entries = (entry_of(story, decision=decision),)
    assert raised(story, entries=entries) == []
    assert raised(story_of("Ketua KPPS dianiaya.", severity=4), entries=entries)
    assert raised(story_of("Ketua KPPS dianiaya.", themes=(("logistik", "pokok"),)), entries=entries)


def test_a_watch_tells_the_channels_it_names() -> None:
    """A story that it is after; what the rules told those channels already is not told again."""
    watch = Watch(name="kotak hilang", notify=("lapangan",), themes=("keamanan",))
    (alert,) = raised(story_of("Kotak suara hilang."), watches=(watch,))
    assert (alert.channel, alert.reason, alert.urgent) == ("lapangan", "kotak hilang", False)
    assert "kotak hilang" in alert.text
    alerts = raised(story_of(severity=4), watches=(watch,))
    assert [alert.reason for alert in alerts] == ["severity", "severity"]
    old = story_of("Kotak suara hilang.", day=DAY - timedelta(days=4))
    assert raised(old, story_of("Kotak itu dicari.", id="b2", follows="a1"), watches=(watch,)) == []


def test_a_watch_on_a_level_tells_of_an_entry_once_for_what_is_new() -> None:
    """A level that stays high by what is long known, or was told before midnight, is no news."""
    watch = Watch(name="Berau tinggi", notify=("redaksi",), threshold="tinggi")
    story = story_of("Kotak suara hilang.")
    (alert,) = raised(story, entries=(entry_of(story),), watches=(watch,))
    assert alert.event == f"64.03/keamanan/Berau tinggi/{story.id}"
    tomorrow = msgspec.structs.replace(entry_of(story), day=DAY + timedelta(days=1))
    (again,) = raised(story, entries=(tomorrow,), watches=(watch,))
    assert again.id == alert.id
    assert "tinggi" in alert.title
    assert "Kotak suara hilang." in alert.text
    old = story_of("Kotak suara hilang.", day=DAY - timedelta(days=4))
    assert raised(old, entries=(entry_of(old),), watches=(watch,)) == []


def test_a_watch_that_tells_an_unknown_channel_is_refused(tmp_path: Path) -> None:
    """The message names file, watch, field and channel, and what there is."""
    path = tmp_path / "watches.toml"
    path.write_text('[[watches]]\nname = "a"\nnotify = ["redaksi"]\n')
    known = AlertSettings(channels=TWO.channels, watches_file=str(path))
    assert [watch.name for watch in own_watches(known)] == ["a"]
    with pytest.raises(ConfigError, match=r"watches\.toml: watch a: notify: no channel redaksi .*there: none"):
        own_watches(AlertSettings(watches_file=str(path)))
    assert own_watches(AlertSettings()) == ()


# What an alert says


def test_an_alert_says_what_an_analyst_must_know() -> None:
    """Kind, place, theme, severity, sources, a sentence with who says it, the link, why, and what it rests on."""
    story = story_of("Anggota KPPS tewas.", severity=4, sources=3, modality="dugaan")
    alert = raised(story)[0]
    assert alert.title == "DUGAAN, belum terbukti · Kab. Berau · 4 dari 4"
    assert alert.text.splitlines() == [
        "Jenis: DUGAAN, belum terbukti",
        "Di mana: Kab. Berau (64.03)",
        "Tema: Keamanan",
        "Keparahan: 4 dari 4",
        "Sumber independen: 3",
        "“Anggota KPPS tewas.” (Kapolres, uji)",
        "https://contoh.id/a1",
        "Mengapa: keparahan tertinggi",
        "Dasar: 1 artikel (uji); dinilai mesin, belum diperiksa orang.",
    ]
    english = raised(story, settings=msgspec.structs.replace(TWO, lang="en"))[0]
    assert "ALLEGATION, not proven" in english.title
    assert "Why: the highest severity" in english.text


def test_an_alert_stays_short_whatever_it_is_about() -> None:
    """A thousand characters at most; the sentence is cut, the link is whole or absent, the kind always there."""
    region = RegionTag(code="64.03", name="Kab. " + "Panjang " * 20, role="peristiwa", score=1.0)
    for url in ("https://contoh.id/" + "x" * 250, "https://contoh.id/" + "x" * 5000):
        member = StoryMember(article="a1", outlet="uji" * 20, url=url, source_kind="media", similarity=1.0)
        story = story_of("Kata " * 900, severity=4, members=(member,) * 40, regions=(region,) * 9, modality="dugaan")
        for alert in raised(story):
            assert len(alert.title) + len(alert.text) <= LONGEST
            assert "DUGAAN, belum terbukti" in alert.text
            assert (url in alert.text) == (len(url) < 300)
            assert "Dasar: " in alert.text


def test_without_a_sentence_the_headline_stands_there() -> None:
    """With private persons by initials; and that no region is named is said."""
    alert = raised(story_of(severity=4, regions=(), themes=(), title="Warga bernama Suryo Wibisono (45) tewas"))[0]
    assert "“Warga bernama SW (45) tewas” (uji)" in alert.text
    assert "daerah tidak disebut" in alert.title


# How it arrives


def test_alerts_arrive_urgent_ones_first_then_in_order(receiver: Receiver, archive: Archive) -> None:
    """Each is sent once, over a real connection, and a second round finds nothing to do."""
    archive.queue_alerts([alert_of(2), alert_of(1), alert_of(3, urgent=True)])
    report = send(archive, receiver.settings(), NOW)
    assert [delivery.error for delivery in report.attempts] == ["", "", ""]
    assert receiver.titles() == ["Judul 3", "Judul 1", "Judul 2"]
    assert receiver.got[0]["message"] == "Isi"
    assert send(archive, receiver.settings(), NOW).attempts == ()
    assert archive.queue_alerts([alert_of(2)]) == 0


def test_what_fails_is_tried_again_after_longer_and_longer_waits(receiver: Receiver, archive: Archive) -> None:
    """After 1, 2, 5, 15 and 60 minutes, then every hour, until it arrives; after a day it is complained of."""
    archive.queue_alerts([alert_of(100)])
    receiver.statuses = [500] * 7
    now, waits = NOW, []
    for _ in range(7):
        report = send(archive, receiver.settings(), now)
        assert report.attempts[0].error == "the server answered 500"
        (state,) = archive.alert_log(now)
        assert state.error == "the server answered 500"
        assert send(archive, receiver.settings(), state.due_at - timedelta(seconds=1)).attempts == ()
        waits.append((state.due_at - now) // timedelta(minutes=1))
        now = state.due_at
    assert waits == [1, 2, 5, 15, 60, 60, 60]
    receiver.statuses = [500]
    report = send(archive, receiver.settings(), NOW + timedelta(hours=25))
    assert [alert.id for alert in report.overdue] == ["100-redaksi"]
    report = send(archive, receiver.settings(), NOW + timedelta(hours=27))
    assert report.attempts[0].error == ""
    assert report.overdue == ()
    assert len(receiver.got) == 9


def test_a_refused_message_does_not_keep_the_others_back(receiver: Receiver, archive: Archive) -> None:
    """The channel answers, so the next ones are tried; a redirect is a refusal."""
    archive.queue_alerts([alert_of(1), alert_of(2), alert_of(3)])
    receiver.statuses = [400, 302]
    report = send(archive, receiver.settings(), NOW)
    assert [d.error for d in report.attempts] == ["the server answered 400", "the server answered 302", ""]


def test_a_channel_that_nobody_answers_on_is_tried_once_a_round(receiver: Receiver, archive: Archive) -> None:
    """The others wait without an attempt, and the channels beside it are served."""
    settings = AlertSettings(
        channels={**receiver.settings().channels, "mati": Address(f"json://127.0.0.1:{free_port()}")}
    )
    archive.queue_alerts([alert_of(1, "mati"), alert_of(2, "mati"), alert_of(3)])
    report = send(archive, settings, NOW)
    assert [delivery.error for delivery in report.attempts] == ["connection refused", ""]
    assert report.held == 1
    assert {s.alert.id: s.attempts for s in archive.alert_log(NOW)} == {"1-mati": 1, "2-mati": 0, "3-redaksi": 1}


def test_a_channel_that_was_taken_out_loses_nothing(archive: Archive) -> None:
    """Its alerts stay in the outbox and say why."""
    archive.queue_alerts([alert_of(1)])
    report = send(archive, AlertSettings(), NOW)
    assert report.attempts[0].error == "the configuration has no such channel any more"
    assert [state.sent_at for state in archive.alert_log(NOW)] == [None]


def test_quiet_hours_hold_back_all_but_the_urgent(receiver: Receiver, archive: Archive) -> None:
    """At two in the morning in WIB; at half past five the rest goes out."""
    settings = receiver.settings(quiet_hours="22.00-05.30")
    night = datetime(2024, 10, 2, 19, 0, tzinfo=UTC)
    archive.queue_alerts([alert_of(1), alert_of(2, urgent=True)])
    report = send(archive, settings, night)
    assert (receiver.titles(), report.quiet) == (["Judul 2"], 1)
    end = settings.quiet_until(night)
    assert end == datetime(2024, 10, 2, 22, 30, tzinfo=UTC)
    send(archive, settings, end)
    assert receiver.titles() == ["Judul 2", "Judul 1"]


def test_a_channel_gets_no_more_than_its_share_in_an_hour(receiver: Receiver, archive: Archive) -> None:
    """The rest waits for the next hour, however often somebody sends."""
    settings = receiver.settings(per_hour=2)
    archive.queue_alerts([alert_of(number) for number in range(5)])
    assert send(archive, settings, NOW).limited == 3
    assert send(archive, settings, NOW + timedelta(minutes=59)).limited == 3
    assert send(archive, settings, NOW + timedelta(minutes=60)).limited == 1
    assert receiver.titles() == [f"Judul {number}" for number in range(4)]


def test_mail_arrives_with_accents_and_lines() -> None:
    """Through a real mail server."""
    letters: list[bytes] = []

    class Keep:
        async def handle_DATA(self, server: object, session: object, envelope: Any) -> str:  # noqa: N802  # its name
            letters.append(envelope.content)
            return "250 OK"

    controller = Controller(Keep(), hostname="127.0.0.1", port=free_port())
    controller.start()
    try:
        address = f"mailto://127.0.0.1:{controller.port}?from=pemantau@contoh.id&to=redaksi@contoh.id"
        assert deliver(address, "Judul · é", "Baris satu\n“Baris dua”") == Receipt()
    finally:
        controller.stop()
    letter = message_from_bytes(letters[0], policy=policy.default)
    assert letter["Subject"] == "Judul · é"
    body = letter.get_body(("plain", "html"))
    assert body is not None
    assert "“Baris dua”" in body.get_content()


def test_a_server_that_never_ends_is_cut_off() -> None:
    """A byte now and then keeps every timeout of a connection from passing; the limit is on the whole."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        stop = threading.Event()

        def drip() -> None:
            connection, _ = server.accept()
            connection.recv(1 << 16)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n")
            try:
                while not stop.wait(0.05):
                    connection.sendall(b"x")
            except OSError:
                connection.close()

        thread = threading.Thread(target=drip, daemon=True)
        thread.start()
        receipt = deliver(f"json://127.0.0.1:{server.getsockname()[1]}", "a", "b", seconds=3)
        stop.set()
        thread.join()
    assert receipt == Receipt("stopped after 3 seconds without an end", answered=False)


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("takada://a/b", "apprise does not understand the address"),
        ("json://takada.invalid", "the host is not known"),
        ("file:///etc/passwd", "apprise does not understand the address"),
    ],
)
def test_why_a_channel_fails_is_said_in_words(address: str, said: str) -> None:
    """In words of our own, so that nothing of the address can be among them."""
    assert deliver(address, "a", "b") == Receipt(said, answered=False)


# Processes


def configured(tmp_path: Path, address: str) -> list[str]:
    """Return the options for a configuration with the channel "redaksi" and the archive of the fixture."""
    path = tmp_path / "config.toml"
    path.write_text(f'contact = "a@b.id"\nout = "o"\n[alerts.channels]\nredaksi = "{address}"\n')
    return ["--config", str(path)]


def pilkada(*arguments: str, **fields: Any) -> subprocess.Popen[str]:
    """Start the command."""
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen([sys.executable, "-m", "pilkada_nlp", *arguments], **{**pipes, **fields})


def free_port() -> int:
    """Return a port on loopback where nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_a_killed_process_loses_nothing(receiver: Receiver, archive: Archive, tmp_path: Path) -> None:
    """Killed after the message left and before it was marked, it is sent again: at least once, then never more."""
    archive.queue_alerts([alert_of(1)])
    go_on = threading.Event()
    receiver.hold = lambda: go_on.wait(30)
    options = [*configured(tmp_path, f"json://127.0.0.1:{receiver.port}"), "--archive", archive.url]
    process = pilkada("alerts", "send", *options)
    assert receiver.arrived.acquire(timeout=60)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    go_on.set()
    assert [state.sent_at for state in archive.alert_log(NOW)] == [None]
    for _ in range(2):
        again = pilkada("alerts", "send", *options)
        again.communicate()
        assert again.returncode == 0
    assert receiver.titles() == ["Judul 1", "Judul 1"]


def test_two_processes_do_not_send_twice(receiver: Receiver, archive: Archive, tmp_path: Path) -> None:
    """The second sees that the first is at it, says so, and leaves it alone."""
    archive.queue_alerts([alert_of(1)])
    go_on = threading.Event()
    receiver.hold = lambda: go_on.wait(30)
    options = [*configured(tmp_path, f"json://127.0.0.1:{receiver.port}"), "--archive", archive.url]
    first = pilkada("alerts", "send", *options)
    assert receiver.arrived.acquire(timeout=60)
    second = pilkada("alerts", "send", *options)
    _, said = second.communicate()
    go_on.set()
    first.communicate()
    assert "another process is sending" in said
    assert (first.returncode, second.returncode, receiver.titles()) == (0, 0, ["Judul 1"])


def test_the_command_tests_lists_and_sends(receiver: Receiver, archive: Archive, tmp_path: Path) -> None:
    """What Python does, the shell does: exit 1 when something did not arrive, and the list says what and why."""
    config = configured(tmp_path, f"json://127.0.0.1:{receiver.port}")
    where = ["--archive", archive.url, "--format", "json"]
    receiver.statuses = [200, 403, 503, 200]
    codes, tested = [], []
    for _ in range(2):
        process = pilkada("alerts", "test", "redaksi", *config, "--format", "json")
        tested.append(json.loads(process.communicate()[0])[0])
        codes.append(process.returncode)
    assert codes == [0, 1]
    assert [row["detail"] for row in tested] == ["", "the server answered 403"]
    assert receiver.titles() == ["Pesan uji pilkada-nlp"] * 2
    assert [delivery.error for delivery in try_channels(receiver.settings())] == ["the server answered 503"]

    archive.queue_alerts([alert_of(1)])
    states = []
    for command in ("list", "send", "list"):
        process = pilkada("alerts", command, *(config if command == "send" else ()), *where)
        states.append(json.loads(process.communicate()[0])[0]["state"])
        assert process.returncode == 0
    assert states == ["waiting", "sent", "sent"]


def test_an_unknown_channel_or_none_is_said_with_what_there_is() -> None:
    """A mistake of the user, in one sentence."""
    with pytest.raises(ConfigError, match=r"no channel salah in .*there: redaksi, lapangan"):
        try_channels(TWO, ["salah"])
    with pytest.raises(ConfigError, match=r"no \[alerts.channels\]"):
        try_channels(AlertSettings())


# Secrets


def test_a_token_appears_nowhere(receiver: Receiver, archive: Archive, tmp_path: Path) -> None:
    """Not in output, logs at the finest level, the archive, representations or tracebacks with all variables."""
    addresses = [
        f"json://petugas:{SECRET}@127.0.0.1:{receiver.port}/{SECRET}?-kunci={SECRET}",
        f"json://petugas:{SECRET}@127.0.0.1:{free_port()}/{SECRET}",
        f"salah://{SECRET}",
        f"mailto://petugas:{SECRET}@127.0.0.1:{free_port()}?from=a@b.id&to=c@d.id",
        "env:PILKADA_UJI",
    ]
    environment = {**os.environ, "PILKADA_UJI": f"json://127.0.0.1:{free_port()}/{SECRET}"}
    loudly = (
        "import logging, sys; logging.basicConfig(level=1);"
        "from pilkada_nlp.cli import main; sys.argv[0] = 'pilkada'; main()"
    )
    receiver.statuses = [401] * 99
    for number, address in enumerate(addresses):
        archive.queue_alerts([alert_of(number)])
        config = configured(tmp_path, address)
        for command in (["test", *config], ["send", *config, "--archive", archive.url]):
            run = subprocess.run(
                [sys.executable, "-c", loudly, "alerts", *command], capture_output=True, text=True, env=environment
            )
            assert run.returncode == 1, run.stderr
            assert SECRET not in run.stdout + run.stderr
    assert receiver.titles() == ["Pesan uji pilkada-nlp", "Judul 0"]
    assert all(SECRET.encode() not in path.read_bytes() for path in tmp_path.glob("arsip.db*"))

    settings = receiver.settings()
    assert SECRET not in f"{settings!r} {settings!s} {settings.channels}"
    with pytest.raises(TypeError):
        msgspec.json.encode(settings)
    with pytest.raises(ConfigError) as caught:
        try_channels(settings, ["salah"])
    assert caught.tb is not None
    told = traceback.TracebackException(ConfigError, caught.value, caught.tb.tb_next, capture_locals=True)
    assert "settings = AlertSettings(" in (text := "".join(told.format()))
    assert SECRET not in text


def test_the_place_of_a_secret_is_named_when_it_is_not_there(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, archive: Archive
) -> None:
    """The variable or the file, and the channel; the alert stays."""
    monkeypatch.delenv("PILKADA_TIDAK_ADA", raising=False)
    (tmp_path / "kosong").write_text("\n")
    for address, said in (
        ("env:PILKADA_TIDAK_ADA", "the environment variable PILKADA_TIDAK_ADA .* missing or empty"),
        (f"file:{tmp_path}/tidak_ada", "tidak_ada .* cannot be read"),
        (f"file:{tmp_path}/kosong", "kosong .* missing or empty"),
    ):
        with pytest.raises(ConfigError, match=said):
            Address(address).reveal()
    archive.queue_alerts([alert_of(1)])
    settings = AlertSettings(channels={"redaksi": Address("env:PILKADA_TIDAK_ADA")})
    assert "PILKADA_TIDAK_ADA" in send(archive, settings, NOW).attempts[0].error
