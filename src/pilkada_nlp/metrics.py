"""What a run came to as OpenMetrics text, for a monitoring system that watches whether the runs go on.

Every metric is a gauge of the last run of its kind: a run is a short process and counts nothing over its life. The same
file is also valid in the older text format of Prometheus, which the collector of text files reads.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Literal, NamedTuple, get_args

from pilkada_nlp.article import MODALITIES, Reason
from pilkada_nlp.article.findings import Level
from pilkada_nlp.files import replace_file

Labels = Mapping[str, str]


class RunReport(NamedTuple):
    """One run, as its metrics tell it. Times are aware; `stages` are seconds by name of the stage.

    `articles` were new in the run, `related` of them are about an election and `modalities` counts those. `rejections`
    counts by reason what was set aside, `entries` the watchlist by level. `sources_read` and `sources_failed` count the
    sources that were asked. `last_success_at` is when a run of this kind last ended well, None if none ever did.
    """

    kind: Literal["daily", "poll"]
    day: date
    started_at: datetime
    finished_at: datetime
    last_success_at: datetime | None
    model: str
    taxonomy: str
    version: str
    stages: Mapping[str, float] = {}
    articles: int = 0
    related: int = 0
    modalities: Mapping[str, int] = {}
    rejections: Mapping[str, int] = {}
    sources_read: int = 0
    sources_failed: int = 0
    stories: int = 0
    entries: Mapping[str, int] = {}
    alerts_queued: int = 0
    alerts_sent: int = 0
    alerts_failed: int = 0


def write_metrics(run: RunReport, folder: Path) -> Path:
    """Write the metrics of a run to `pilkada-daily.prom` or `pilkada-poll.prom` in `folder`; return the path.

    A reader sees the old file or the new one, never a part. Raises OutputError when it cannot be written.
    """
    path = folder / f"pilkada-{run.kind}.prom"
    replace_file(path, metrics_text(run).encode("utf-8"), make_folder=True)
    return path


def metrics_text(run: RunReport) -> str:
    """Return the metrics of a run as OpenMetrics text.

    Known modalities, levels and reasons are there even when their count is 0, so that no series comes and goes.
    """
    return "".join(f"{line}\n" for line in (*_families(run), "# EOF"))


def _families(run: RunReport) -> Iterator[str]:
    kind = {"kind": run.kind}
    versions = {"model": run.model, "taxonomy": run.taxonomy, "version": run.version, "day": run.day.isoformat()}
    # Of type gauge, because the older format has no type "info" and its readers refuse the whole file.
    yield from _family("run_info", "What the last run worked with, and on which day.", [(kind | versions, 1)])
    times = {
        "run_started_timestamp_seconds": ("When the last run began.", run.started_at),
        "run_finished_timestamp_seconds": ("When the last run ended.", run.finished_at),
        "last_success_timestamp_seconds": ("When a run last ended well.", run.last_success_at),
    }
    for name, (text, at) in times.items():
        if at is not None:
            yield from _family(name, text, [(kind, at.timestamp())])
    took = (run.finished_at - run.started_at).total_seconds()
    yield from _family("run_duration_seconds", "How long the last run took.", [(kind, took)])
    yield from _family("stage_duration_seconds", "How long its stages took.", _by(kind, "stage", run.stages))
    yield from _family("articles", "New articles in the last run.", [(kind, run.articles)])
    yield from _family("articles_related", "Those about an election.", [(kind, run.related)])
    modalities = dict.fromkeys(MODALITIES, 0) | dict(run.modalities)
    yield from _family(
        "articles_by_modality", "Those about an election by modality.", _by(kind, "modality", modalities)
    )
    rejections = dict.fromkeys(get_args(Reason), 0) | dict(run.rejections)
    yield from _family("rejections", "What was set aside, by reason.", _by(kind, "reason", rejections))
    sources = {"read": run.sources_read, "failed": run.sources_failed}
    yield from _family("sources", "Sources that were asked, by what came of it.", _by(kind, "outcome", sources))
    yield from _family("stories", "Stories of the day.", [(kind, run.stories)])
    entries = dict.fromkeys(get_args(Level), 0) | dict(run.entries)
    yield from _family("watchlist_entries", "Entries of the watchlist by level.", _by(kind, "level", entries))
    alerts = {"queued": run.alerts_queued, "sent": run.alerts_sent, "failed": run.alerts_failed}
    yield from _family("alerts", "Alerts of the last run, by what came of them.", _by(kind, "outcome", alerts))


def _by(labels: Labels, name: str, values: Mapping[str, float]) -> list[tuple[Labels, float]]:
    return [({**labels, name: value}, number) for value, number in values.items()]


def _family(name: str, text: str, samples: Iterable[tuple[Labels, float]]) -> Iterator[str]:
    yield f"# TYPE pilkada_{name} gauge"
    if name.endswith("_seconds"):
        yield f"# UNIT pilkada_{name} seconds"
    yield f"# HELP pilkada_{name} {text}"
    for labels, value in samples:
        inner = ",".join(f'{label}="{_escaped(of)}"' for label, of in labels.items())
        yield f"pilkada_{name}{{{inner}}} {value}"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
