"""Measures the daily job and the polls between on large archives; run by `make bench`.

The whole of `run_daily` and `run_poll` runs, in a process of its own, on a copy of the archive in which the new pages
lie already; its 40 outlets answer on loopback that they have nothing more. Both archives hold the same 56 days, which
are all that a day rests on; behind them the larger one has as many again. Peak memory is that of the process itself,
without the two that extract pages, whose limit is a matter of their own.
"""

import json
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from benchmarks.bulk import A_DAY, DAYS, OUTLETS, RELATED, make_archives, outlets, pages
from benchmarks.figures import Figure
from benchmarks.scrapers import home, server

DAY = date(2024, 11, 20)
_MIDNIGHT = datetime(2024, 11, 20, 17, 5, tzinfo=UTC)  # five past twelve in Jakarta
_SIZES = (4, 8)  # fortnights; the newest four are all that a day rests on
_TWICE = 2
_POLLED = 50  # articles
_EARLIER = 20  # days whose summaries lie in the folder beside yesterday's, as many as the feed lists
_MEGABYTE = 1024  # kilobytes


def daily(folder: Path, port: int, day: date, now: datetime) -> dict[str, float]:
    """Run the daily job on the archive in `folder` and say what it took."""
    from pilkada_nlp.archive import Archive
    from pilkada_nlp.daily import run_daily
    from pilkada_nlp.scrapers import Fetcher

    archive = Archive(f"sqlite:///{folder / 'a.db'}")
    chosen = outlets([home(number, port) + "/feed" for number in range(OUTLETS)])
    fetcher = Fetcher("uji@contoh.id", clock=lambda: now)
    began = time.monotonic()
    result = run_daily(day, chosen, archive, folder / "out", fetcher)
    took = _took(began, result.work.stages)
    fetcher.close()
    archive.close()
    page = next(path for path in result.files if path.suffix == ".html")
    counts = {"articles": result.summary.articles, "related": result.summary.related}
    return took | counts | {"entries": len(result.summary.watchlist), "page": page.stat().st_size}


def poll(folder: Path, port: int, now: datetime) -> dict[str, float]:
    """Run a poll on the archive in `folder` and say what it took."""
    from pilkada_nlp.archive import Archive
    from pilkada_nlp.daily import run_poll
    from pilkada_nlp.scrapers import Fetcher

    archive = Archive(f"sqlite:///{folder / 'a.db'}")
    chosen = outlets([home(number, port) + "/feed" for number in range(OUTLETS)])
    fetcher = Fetcher("uji@contoh.id", clock=lambda: now)
    began = time.monotonic()
    result = run_poll(chosen, archive, fetcher)
    took = _took(began, result.work.stages)
    fetcher.close()
    archive.close()
    return took | {"articles": result.work.tagged.total()}


def _took(began: float, stages: dict[str, float]) -> dict[str, float]:
    seconds = time.monotonic() - began
    own, workers = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = own.ru_utime + own.ru_stime
    return {
        "seconds": seconds - stages["fetch"],
        "cpu": cpu,
        "cpu of workers": workers.ru_utime + workers.ru_stime,
        "megabytes": own.ru_maxrss / _MEGABYTE,
        **{f"{name} stage": value for name, value in stages.items()},
    }


def add(folder: Path, day: date, count: int, related: float) -> None:
    """Put the pages of a day into the archive in `folder`, as fetching would."""
    from pilkada_nlp.archive import Archive

    archive = Archive(f"sqlite:///{folder / 'a.db'}")
    for page in pages(day, count, related):
        archive.add_pages([page])
    archive.close()


def _alone(*args: object) -> dict[str, float]:
    """Run a part of this module in a process of its own, so that its memory is its own."""
    command = [sys.executable, "-m", "benchmarks.daily", *map(str, args)]
    result: dict[str, float] = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout or "{}")
    return result


def measure(folder: Path) -> Iterator[Figure]:
    """Yield the figures of both archives, made in `folder`, which needs some 15 GB."""
    _alone("make", folder, *_SIZES)
    with server(0) as port:
        for fortnights in _SIZES:
            made = folder / str(fortnights)
            _alone("daily", made, port, DAY - timedelta(days=1), _MIDNIGHT - timedelta(days=1))
            _publish_earlier(made / "out")
            for related in (RELATED,) * _TWICE + (1.0,) * (fortnights == max(_SIZES)):
                yield from _day(made, folder / "work", port, fortnights * DAYS * A_DAY, related)


def _publish_earlier(out: Path) -> None:
    """Let the summary of yesterday lie in `out` as that of the days before too, since the feed lists them."""
    yesterday = DAY - timedelta(days=1)
    text = (out / f"ringkasan-{yesterday}.json").read_text(encoding="utf-8")
    for back in range(1, _EARLIER + 1):
        day = yesterday - timedelta(days=back)
        earlier = text.replace(f'"day": "{yesterday}"', f'"day": "{day}"')
        (out / f"ringkasan-{day}.json").write_text(earlier, encoding="utf-8")


def _day(made: Path, work: Path, port: int, size: int, related: float) -> Iterator[Figure]:
    """Measure a day and a poll of the next one on a copy of an archive."""
    shutil.copytree(made, work)
    _alone("add", work, DAY, A_DAY, related)
    took = _alone("daily", work, port, DAY, _MIDNIGHT)
    yield from _figures(f"{A_DAY:,} new, {related:.0%} on elections, over {size:,}", took, 300)
    _alone("add", work, DAY + timedelta(days=1), _POLLED, RELATED)
    took = _alone("poll", work, port, _MIDNIGHT + timedelta(hours=17))
    yield from _figures(f"poll, {_POLLED} new over {size:,}", took, 20)
    shutil.rmtree(work)


def _figures(what: str, took: dict[str, float], seconds: float) -> Iterator[Figure]:
    yield Figure(what, took["seconds"], "s", seconds)
    yield Figure(f"{what}: CPU", took["cpu"], "s")
    yield Figure(f"{what}: CPU of the extracting processes", took["cpu of workers"], "s")
    yield Figure(f"{what}: peak memory", took["megabytes"], "MB", 1000)
    for name, value in took.items():
        if name.endswith("stage"):
            yield Figure(f"{what}: {name}", value, "s")


def main() -> None:
    """Print all figures as one Markdown table."""
    print("| figure | measured | mark |\n|---|--:|---|")
    with tempfile.TemporaryDirectory() as folder:
        for figure in measure(Path(folder)):
            print(figure.line(), flush=True)


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["make", folder, *sizes]:
            make_archives(Path(folder), DAY - timedelta(days=1), list(map(int, sizes)))
        case ["add", folder, day, count, related]:
            add(Path(folder), date.fromisoformat(day), int(count), float(related))
        case ["daily", folder, port, day, now]:
            print(json.dumps(daily(Path(folder), int(port), date.fromisoformat(day), datetime.fromisoformat(now))))
        case ["poll", folder, port, now]:
            print(json.dumps(poll(Path(folder), int(port), datetime.fromisoformat(now))))
        case _:
            main()
