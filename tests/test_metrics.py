"""The metrics of a run: what another program's parser reads from them, and that nobody ever sees half a file."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import Metric
from prometheus_client.openmetrics.parser import text_string_to_metric_families
from prometheus_client.parser import text_string_to_metric_families as older_families

from pilkada_nlp.errors import OutputError
from pilkada_nlp.metrics import RunReport, metrics_text, write_metrics

START = datetime(2024, 11, 21, 23, 15, tzinfo=UTC)
RUN = RunReport(
    kind="daily",
    day=date(2024, 11, 21),
    started_at=START,
    finished_at=START + timedelta(seconds=83.5),
    last_success_at=START + timedelta(seconds=83.5),
    model="tagger-3",
    taxonomy="1.2",
    version="0.9.0",
    stages={"fetch": 61.25, "tag": 20.0},
    articles=412,
    related=97,
    modalities={"kejadian": 5, "imbauan": 60},
    rejections={"robots": 2},
    sources_read=30,
    sources_failed=1,
    stories=71,
    entries={"tinggi": 2, "rendah": 9},
    alerts_queued=3,
    alerts_sent=2,
    alerts_failed=1,
)


def families(text: str) -> list[Metric]:
    """Return what the OpenMetrics parser of the client library reads."""
    return list(text_string_to_metric_families(text))  # type: ignore[no-untyped-call]


def read(text: str) -> dict[tuple[str, str], float]:
    """Return (metric, its label beside `kind`) -> value, as OpenMetrics."""
    values: dict[tuple[str, str], float] = {}
    for family in families(text):
        for sample in family.samples:
            label = " ".join(value for name, value in sample.labels.items() if name != "kind")
            assert (sample.name, label) not in values
            values[sample.name, label] = sample.value
    return values


def test_a_run_is_read_back_by_the_parser() -> None:
    """All counts, durations in seconds, times, and the versions as labels."""
    text = metrics_text(RUN)
    assert text.endswith("# EOF\n")
    values = read(text)
    assert values["pilkada_run_info", "tagger-3 1.2 0.9.0 2024-11-21"] == 1
    assert values["pilkada_run_started_timestamp_seconds", ""] == START.timestamp()
    assert values["pilkada_last_success_timestamp_seconds", ""] == START.timestamp() + 83.5
    assert values["pilkada_run_duration_seconds", ""] == 83.5
    assert values["pilkada_stage_duration_seconds", "fetch"] == 61.25
    assert values["pilkada_articles", ""] == 412
    assert values["pilkada_articles_related", ""] == 97
    assert values["pilkada_articles_by_modality", "imbauan"] == 60
    assert values["pilkada_rejections", "robots"] == 2
    assert values["pilkada_sources", "read"] == 30
    assert values["pilkada_sources", "failed"] == 1
    assert values["pilkada_stories", ""] == 71
    assert values["pilkada_watchlist_entries", "tinggi"] == 2
    assert [values["pilkada_alerts", outcome] for outcome in ("queued", "sent", "failed")] == [3, 2, 1]
    assert 'kind="daily"' in text
    assert 'kind="poll"' in metrics_text(RUN._replace(kind="poll"))


def test_the_older_format_reads_the_same() -> None:
    """What a collector of text files understands: the same samples, every family a gauge."""
    found = list(older_families(metrics_text(RUN)))
    assert {family.type for family in found} == {"gauge"}
    older = {(sample.name, *sample.labels.values()): sample.value for family in found for sample in family.samples}
    newer = {
        (sample.name, *sample.labels.values()): sample.value
        for family in families(metrics_text(RUN))
        for sample in family.samples
    }
    assert older == newer


def test_no_series_comes_and_goes() -> None:
    """A run in which nothing happened has the series of any other, but for the last success when there was none."""
    empty = RunReport("daily", RUN.day, START, START, None, RUN.model, RUN.taxonomy, RUN.version)
    missing = read(metrics_text(RUN)).keys() - read(metrics_text(empty)).keys()
    assert missing == {
        ("pilkada_last_success_timestamp_seconds", ""),
        ("pilkada_stage_duration_seconds", "fetch"),
        ("pilkada_stage_duration_seconds", "tag"),
    }
    assert read(metrics_text(empty))["pilkada_rejections", "paywall"] == 0


@given(st.text(st.characters(exclude_categories=["Cs"])), st.text(st.characters(exclude_categories=["Cs"])))
def test_any_label_survives(model: str, stage: str) -> None:
    """Quotation marks, backslashes and line ends in a label are read back as they were."""
    text = metrics_text(RUN._replace(model=model, stages={stage: 1.0}))
    labels = {
        name: sample.labels
        for family in families(text)
        for sample in family.samples
        if (name := sample.name) in ("pilkada_run_info", "pilkada_stage_duration_seconds")
    }
    assert labels["pilkada_run_info"]["model"] == model
    assert labels["pilkada_stage_duration_seconds"]["stage"] == stage


def test_the_file_is_replaced_whole(tmp_path: Path) -> None:
    """A reader that holds the old file goes on reading it, and nothing else is left in the folder."""
    folder = tmp_path / "metrik"
    path = write_metrics(RUN, folder)
    assert path == folder / "pilkada-daily.prom"
    with path.open() as held:
        assert write_metrics(RUN._replace(articles=9), folder) == path
        assert held.read() == metrics_text(RUN)
    assert read(path.read_text())["pilkada_articles", ""] == 9
    write_metrics(RUN._replace(kind="poll"), folder)
    assert sorted(file.name for file in folder.iterdir()) == ["pilkada-daily.prom", "pilkada-poll.prom"]
    (tmp_path / "berkas").write_text("")
    with pytest.raises(OutputError, match=r"berkas.pilkada-daily\.prom: cannot be written"):
        write_metrics(RUN, tmp_path / "berkas")
