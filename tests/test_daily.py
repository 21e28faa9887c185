"""The daily job over several days: missed ones, late articles, corrections, polls between, and trouble on the way."""

import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import msgspec
import pytest

from pilkada_nlp.archive import Archive, Judged
from pilkada_nlp.article import ZONES, Relevance
from pilkada_nlp.article.findings import Correction
from pilkada_nlp.classifiers import Tagger
from pilkada_nlp.config import AlertSettings
from pilkada_nlp.daily import DailyResult, join_stories, run_daily, run_poll
from pilkada_nlp.errors import ArchiveBusyError
from pilkada_nlp.scrapers import Fetcher
from tests.conftest import Site
from tests.test_alerts import Receiver, receiver

__all__ = ["receiver"]  # a fixture that is used by its name

DAY = date(2024, 11, 21)
RIOT = (
    "Kantor KPU Kutai Timur Dibakar Massa, Dua Petugas Luka",
    "Kantor KPU Kabupaten Kutai Timur dibakar massa pada Kamis (21/11/2024) malam. Dua petugas terluka akibat lemparan "
    "batu saat bentrok pecah di halaman kantor.\n\nKapolres Kutai Timur mengatakan api menghanguskan gudang logistik "
    "pilkada dan belasan orang diamankan. Pemungutan suara tetap dijadwalkan 27 November.\n\nMassa yang menolak "
    "rekapitulasi itu merusak pagar dan kaca sebelum membakar ban di jalan depan kantor KPU hingga lalu lintas putus.",
)
REPORT = (
    "Bawaslu Sorong Periksa Camat yang Diduga Kampanyekan Paslon",
    "Bawaslu Kabupaten Sorong memeriksa seorang camat yang diduga mengajak warga memilih salah satu pasangan calon "
    "bupati pada Pilkada 2024.\n\nLaporan dugaan pelanggaran netralitas ASN itu diterima pekan ini dan masih dikaji. "
    "Camat tersebut belum memberi keterangan.\n\nMenurut Bawaslu, rekaman video yang beredar memperlihatkan ajakan "
    "memilih dalam acara kecamatan, dan tiga saksi sudah dimintai klarifikasi oleh pengawas pemilihan.",
)


class News:
    """An outlet on loopback that publishes what it is told to, and a clock that stands where it is put."""

    def __init__(self, site: Site, folder: Path, tagger: Tagger) -> None:
        self.site = site
        self.outlet = site.outlet(feeds=(site.home + "/feed",), regions=("64",), pace=0.0)
        self.archive = Archive(f"sqlite:///{folder / 'a.db'}")
        self.out = folder / "out"
        self.now = at(DAY, 23)
        self.tagger = tagger
        self._items = ""
        self._announce()

    def publish(self, text: tuple[str, str], moment: datetime) -> str:
        """Publish a text at this time and return its address."""
        title, body = text
        slug = f"/berita/{title.lower().replace(' ', '-')}-{moment:%d%H}"
        paragraphs = "".join(f"<p>{paragraph}</p>" for paragraph in body.split("\n\n"))
        self.site.page(
            slug,
            f'<html lang="id"><head><title>{title}</title><meta property="article:published_time" '
            f'content="{moment.isoformat()}"></head><body><article><h1>{title}</h1>{paragraphs}</article></body></html>',
        )
        address = self.site.home + slug
        self._items += (
            f"<item><title>{title}</title><link>{address}</link><pubDate>{format_datetime(moment)}</pubDate></item>"
        )
        self._announce()
        return address

    def _announce(self) -> None:
        self.site.page("/feed", f'<rss version="2.0"><channel>{self._items}</channel></rss>', "application/rss+xml")

    def daily(self, day: date, alerts: AlertSettings | None = None) -> DailyResult:
        """Run the daily job for `day`."""
        fetcher = Fetcher("uji@contoh.id", clock=lambda: self.now)
        try:
            return run_daily(day, [self.outlet], self.archive, self.out, fetcher, tagger=self.tagger, alerts=alerts)
        finally:
            fetcher.close()

    def files(self) -> dict[str, bytes]:
        """Return the content of each file that was written."""
        return {path.name: path.read_bytes() for path in sorted(self.out.iterdir())}


def at(day: date, hour: int, zone: str = "Asia/Jakarta") -> datetime:
    """Return an hour of a day in a zone."""
    return datetime(day.year, day.month, day.day, hour, tzinfo=ZONES[zone][1])


@pytest.fixture
def news(site: Site, tmp_path: Path, tagger: Tagger) -> Iterator[News]:
    """An outlet without news yet."""
    news = News(site, tmp_path, tagger)
    yield news
    news.archive.close()


def test_a_day_that_is_not_over_is_replaced_by_its_end(news: News) -> None:
    """A summary made during its day is no edition to correct: the next one takes its place without a word."""
    first = news.daily(DAY).summary
    news.publish(RIOT, at(DAY, 21))
    second = news.daily(DAY).summary
    news.now = at(DAY + timedelta(days=1), 6)
    third = news.daily(DAY).summary
    assert [(summary.edition, summary.closed, summary.changes) for summary in (first, second, third)] == [
        (1, False, ()),
        (1, False, ()),
        (1, True, ()),
    ]
    assert [len(summary.incidents) for summary in (first, second, third)] == [0, 1, 1]
    assert [edition.edition for edition in news.archive.editions(DAY)] == [1]


def test_a_late_article_makes_a_corrected_edition(news: News) -> None:
    """What comes after the day was closed makes an edition that lists what it adds; without it nothing moves."""
    news.publish(REPORT, at(DAY, 9))
    news.now = at(DAY + timedelta(days=1), 6)
    news.daily(DAY)
    files = news.files()
    news.now = at(DAY + timedelta(days=1), 9)
    assert news.daily(DAY).summary.edition == 1
    assert news.files() == files
    news.publish(RIOT, at(DAY, 22))
    news.now = at(DAY + timedelta(days=2), 6)
    result = news.daily(DAY + timedelta(days=1))
    (corrected,) = result.others
    assert (corrected.day, corrected.edition, corrected.closed) == (DAY, 2, True)
    assert [(change.kind, change.title) for change in corrected.changes if change.title == RIOT[0]] == [
        ("added", RIOT[0])
    ]
    assert f"ringkasan-{DAY}.html" in {path.name for path in result.files}
    assert [edition.edition for edition in news.archive.editions(DAY)] == [1, 2]


def test_missed_days_are_caught_up_with(news: News) -> None:
    """After a week without a run each day has a summary of its own, at most two weeks back."""
    news.now = at(DAY + timedelta(days=1), 6)
    news.daily(DAY)
    news.publish(RIOT, at(DAY + timedelta(days=3), 12))
    last = DAY + timedelta(days=6)
    news.now = at(last + timedelta(days=1), 6)
    result = news.daily(last)
    assert [summary.day for summary in result.others] == [DAY + timedelta(days=back) for back in range(1, 6)]
    incidents = {summary.day: len(summary.incidents) for summary in (*result.others, result.summary)}
    assert [day for day, count in incidents.items() if count] == [DAY + timedelta(days=3)]
    news.now = at(last + timedelta(days=41), 6)
    assert len(news.daily(last + timedelta(days=40)).others) == 14


def test_a_correction_stands_in_the_next_edition(news: News) -> None:
    """A line that was withdrawn is gone from its own day, and said to be withdrawn, the next morning."""
    news.publish(RIOT, at(DAY, 20))
    news.now = at(DAY + timedelta(days=1), 6)
    (incident,) = news.daily(DAY).summary.incidents
    why = "Polres membantah; kantor itu tidak terbakar."
    news.now = at(DAY + timedelta(days=1), 10)
    news.archive.add_correction(
        Correction(line=incident.id, action="withdraw", why=why, by="uji", at=news.now.astimezone(UTC))
    )
    news.now = at(DAY + timedelta(days=2), 6)
    result = news.daily(DAY + timedelta(days=1))
    (corrected,) = result.others
    assert corrected.day == DAY
    assert corrected.incidents == ()
    assert [(change.kind, change.why) for change in result.summary.corrections] == [("withdrawn", why)]
    assert result.summary.watchlist == ()


def test_the_day_is_that_of_the_place(news: News) -> None:
    """News of Papua that appears at 23.30 in Jakarta is news of the next day there."""
    news.publish(REPORT, at(DAY, 23).replace(minute=30))
    news.now = at(DAY + timedelta(days=2), 6)
    result = news.daily(DAY + timedelta(days=1))
    assert [story.title for story in result.summary.allegations] == [REPORT[0]]
    assert news.daily(DAY).summary.allegations == ()


def test_a_poll_takes_in_what_is_new_and_raises_alerts_once(news: News, receiver: Receiver) -> None:
    """Between the daily runs polls keep stories and today's watchlist up to date, and tell whom it concerns, once."""
    news.publish(RIOT, at(DAY, 21))
    for _ in range(2):
        fetcher = Fetcher("uji@contoh.id", clock=lambda: news.now)
        result = run_poll([news.outlet], news.archive, fetcher, tagger=news.tagger, alerts=receiver.settings())
        fetcher.close()
    assert [(entry.region, entry.theme) for entry in result.watchlist.entries][:1] == [("64.08", "keamanan")]
    assert news.archive.entries(DAY) == list(result.watchlist.entries)
    assert len(receiver.titles()) == 1
    assert news.archive.summary(DAY) is None


def test_a_day_of_the_past_raises_no_alarm(news: News, receiver: Receiver) -> None:
    """News of last week that a run reads only now stands in that day's summary, and wakes nobody."""
    news.publish(RIOT, at(DAY, 21))
    news.now = at(DAY + timedelta(days=7), 6)
    assert len(news.daily(DAY, receiver.settings()).summary.incidents) == 1
    assert receiver.titles() == []
    news.publish(REPORT, at(DAY + timedelta(days=6), 9))
    news.publish(
        (RIOT[0].replace("Timur", "Barat"), RIOT[1].replace("Timur", "Barat")), at(DAY + timedelta(days=6), 21)
    )
    news.daily(DAY + timedelta(days=6), receiver.settings())
    assert len(receiver.titles()) == 1


def test_a_run_waits_for_another_or_says_so(news: News) -> None:
    """Two runs never work on one archive: the second waits as long as it was told to, then ends with a word."""
    said: list[str] = []
    with news.archive.alone():
        with pytest.raises(ArchiveBusyError, match="another run"):
            news.daily(DAY)
        with pytest.raises(ArchiveBusyError), news.archive.alone(0.1, lambda: said.append("menunggu")):
            pass
    assert said == ["menunggu"]
    held = news.archive.alone()
    held.__enter__()
    threading.Timer(0.3, held.__exit__, (None, None, None)).start()
    with news.archive.alone(20):
        pass


def test_a_clock_that_jumps_back_stops_nothing(news: News) -> None:
    """After a run with a clock a year ahead, the next one in the present still reads its sources."""
    news.now = at(date(2025, 11, 21), 12)
    news.daily(date(2025, 11, 21))
    news.now = at(DAY, 23)
    news.publish(RIOT, at(DAY, 21))
    result = news.daily(DAY)
    assert result.any_source_read
    assert len(result.summary.incidents) == 1


def test_an_empty_day_of_a_silent_outlet_is_no_calm(news: News) -> None:
    """Without any article the summary is there, and no region is called calm that nobody looks at."""
    summary = news.daily(DAY).summary
    assert summary.articles == 0
    levels = {state.region: state.level for state in summary.regions}
    assert (levels["64.08"], levels["33.74"]) == ("tanpa_data", "tanpa_data")


def test_days_that_were_never_closed_are_closed_later(news: News) -> None:
    """Who only ever runs the job in the evening gets each day's last word with the next run."""
    news.daily(DAY)
    news.publish(RIOT, at(DAY, 22).replace(minute=30))
    news.now = at(DAY + timedelta(days=1), 22)
    (closed,) = news.daily(DAY + timedelta(days=1)).others
    assert (closed.day, closed.closed, len(closed.incidents)) == (DAY, True, 1)


def test_an_entry_that_was_withdrawn_is_gone_from_its_page(news: News) -> None:
    """A region and theme taken back makes a corrected edition of each closed day that listed it."""
    news.publish(RIOT, at(DAY, 20))
    news.now = at(DAY + timedelta(days=1), 6)
    (entry, *_) = news.daily(DAY).summary.watchlist
    said = Correction(
        line=entry.id, action="withdraw", why="salah wilayah", by="uji", at=at(DAY + timedelta(days=1), 9)
    )
    news.archive.add_correction(said)
    news.now = at(DAY + timedelta(days=2), 6)
    corrected = {summary.day: summary for summary in news.daily(DAY + timedelta(days=1)).others}[DAY]
    assert corrected.edition == 2
    assert entry.id not in {left.id for left in corrected.watchlist}


def test_an_outlet_that_fails_in_another_way_makes_no_edition(news: News) -> None:
    """Running a closed day again while its outlet is down changes nothing of what was published."""
    news.publish(RIOT, at(DAY, 20))
    news.site.reply("/feed", (503, {"Retry-After": "7200"}, b""))
    for hour in (6, 7, 9):
        news.now = at(DAY + timedelta(days=1), hour)
        assert news.daily(DAY).summary.edition == 1


def test_an_article_that_a_new_model_finds_unrelated_leaves_its_story(news: News) -> None:
    """What another model takes back is no incident any more, and the others of its story stay."""
    news.publish(RIOT, at(DAY, 20))
    news.now = at(DAY + timedelta(days=1), 6)
    (incident,) = news.daily(DAY).summary.incidents
    tagging = news.archive.taggings(DAY, DAY, news.tagger.name)[incident.id]
    nothing = msgspec.structs.replace(
        tagging, model="lain", relevant=Relevance(value=False, score=0.0), themes=(), modality=None
    )
    news.archive.add_judged([Judged(nothing, DAY, None)])
    join_stories(news.archive)
    assert news.archive.stories(DAY, DAY) == []
