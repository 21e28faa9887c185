"""The model card: what a model is for, what it learned from, how good it is, and where it fails."""

from collections.abc import Iterator, Sequence

from pilkada_nlp.classifiers.model import Manifest
from pilkada_nlp.evaluation.report import EvaluationReport

_SHOWN_SLICES = 12


def model_card(
    manifest: Manifest,
    report: EvaluationReport | None = None,
    before: EvaluationReport | None = None,
    decisions: Sequence[str] = (),
) -> str:
    """Return the card as Markdown.

    `report` is the model judged on articles that it did not learn from, `before` the model that it would follow, judged
    on the same. `decisions` are sentences on what was allowed when it was put in service.
    """
    parts = [_head(manifest), *(_judged(report) if report else ())]
    if report and before:
        parts += _changed(report, before)
    if decisions:
        parts.append("**Put in service.**\n\n" + "\n".join(f"- {sentence}" for sentence in decisions))
    parts.append(
        "**Limits.** Registers beyond those it learned from are unknown to it, and its probabilities are calibrated on "
        + (
            "texts written for\ntraining, not on the press at large."
            if not manifest.own_articles
            else "texts written for\ntraining and on the labels given, not on the press at large."
        )
    )
    return "\n\n".join(parts) + "\n"


def shown(figure: float | None) -> str:
    """Return a figure with three digits, "-" for none."""
    return "-" if figure is None else f"{figure:.3f}"


def _head(manifest: Manifest) -> str:
    scores = "\n".join(f"| {name} | {value:.3f} |" for name, value in sorted(manifest.scores.items()))
    own = ""
    if manifest.own_articles and manifest.own_agreement:
        shares = ", ".join(f"{name} {value:.2f}" for name, value in sorted(manifest.own_agreement.items()))
        own = (
            f"\n{manifest.own_articles} of them were labelled by its users; models that had not learned from these "
            f"agree with their labels\nto this share: {shares}."
        )
    return f"""# Model card: {manifest.name}

**Use.** Tags Indonesian news on regional elections with relevance, {len(manifest.themes)} risk themes (main or named),
modality, and the kind of source where no mark tells it. For people who check what it says: scores near a threshold are
marked for review.

**Training data.** {manifest.articles} labelled articles and openings of articles, of the splits train and dev, with the
sentences given beside them. Language models wrote and labelled the corpora that come with the project
(`corpora/README.md`); no press text is among them. Whoever added other texts knows what they are.{own}
Corpus digest {manifest.corpus_sha256}, seed {manifest.seed}, scikit-learn {manifest.scikit_learn}, taxonomy
{manifest.taxonomy}, preprocessing {manifest.preprocessing}.

**Method.** Sublinear TF-IDF over words, word pairs and stems, in three blocks (whole text, title with lead, title);
beside them, measured: words of elections for relevance, taxonomy phrases for themes, cues of the news peg for
modality. Logistic regressions for relevance, modality and kind, linear support vector machines for themes; sigmoid
calibration from out-of-fold scores, the themes of an article judged beside each other; a theme is assigned when it is
more likely than not. The table of common word forms behind the stems was counted over public news texts; nothing else
comes from the press.

**Scores**, cross-validated by event on the training corpus:

| measure | value |
|---|---|
{scores}"""


def _judged(report: EvaluationReport) -> Iterator[str]:
    yield (
        f"**On {report.articles} articles held back** ({report.related} about an election), with intervals of 95 % "
        "over samples of articles:\n\n| measure | value | interval |\n|---|--:|---|\n"
        + "\n".join(
            f"| {name} | {figure.value:.3f} | {figure.low:.3f} to {figure.high:.3f} |"
            for name, figure in report.figures.items()
        )
        + "\n"
        + "\n".join(
            f"| F1 of {score.theme} ({score.articles}) | {score.f1.value:.3f} "
            f"| {score.f1.low:.3f} to {score.f1.high:.3f} |"
            for score in report.themes
            if score.articles
        )
        + "\n"
        + "\n".join(
            f"| calibration error of {name} | {found.ece:.3f} | |" for name, found in report.calibration.items()
        )
    )
    if report.slices:
        yield (
            "**Slices**, articles, F1 of main themes and of signals:\n\n"
            "| slice | articles | themes | signals |\n|---|--:|--:|--:|\n"
            + "\n".join(
                f"| {one.by}: {one.value} | {one.articles} | {shown(one.theme_f1)} | {shown(one.signal_f1)} |"
                for one in report.slices[:_SHOWN_SLICES]
            )
        )


def _changed(report: EvaluationReport, before: EvaluationReport) -> Iterator[str]:
    rows = [
        (name, before.figures[name].value, figure.value)
        for name, figure in report.figures.items()
        if name in before.figures
    ]
    old = {score.theme: score.f1.value for score in before.themes}
    rows += [
        (f"F1 of {score.theme}", old[score.theme], score.f1.value) for score in report.themes if score.theme in old
    ]
    yield (
        f"**Against {before.model}**, on the same articles:\n\n| measure | before | now | change |\n|---|--:|--:|--:|\n"
        + "\n".join(f"| {name} | {then:.3f} | {now:.3f} | {now - then:+.3f} |" for name, then, now in rows)
    )
