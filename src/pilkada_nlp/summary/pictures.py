"""The pictures of a summary as inline SVG: drawn here, with words and shapes beside the colours, each with its table.

Classes and colours stand in `templates/summary/style.css`, so that a picture follows the reader's light or dark page.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Final

from markupsafe import Markup

from pilkada_nlp.article.findings import LEVELS, SYMBOLS, RegionState, WatchlistEntry, by_province, short_name
from pilkada_nlp.regions import region
from pilkada_nlp.summary.phrases import Phrases
from pilkada_nlp.wording import table

_TILE: Final = (56, 54)  # width and height in units of the picture, which has 60 x 58 for each
_PITCH: Final = (60, 58)
_STRIP: Final = 52  # units that all regencies of a province share
_LEAST: Final = 3  # of them for a level that few have
_HEIGHTS: Final = {"tinggi": 14, "sedang": 10, "rendah": 6, "tanpa_data": 14}
_ROWS: Final = 20  # regions on the heat map
_SPARK: Final = (112, 28)

Cells = dict[tuple[str, str], WatchlistEntry]


def _picture(key: str, size: tuple[int, int], title: str, desc: str, body: Markup) -> Markup:
    """Return an SVG of `size` units whose title and description can be read aloud."""
    return Markup(
        '<svg class="{kind}" viewBox="0 0 {width} {height}" style="max-width:{most}px" role="img" '
        'aria-labelledby="{key}-t {key}-d">'
        '<title id="{key}-t">{title}</title><desc id="{key}-d">{desc}</desc>{body}</svg>'
    ).format(
        kind=key.split("-")[0],
        key=key,
        width=size[0],
        height=size[1],
        most=size[0] * 6 // 5,
        title=title,
        desc=desc,
        body=body,
    )


def _joined(parts: Sequence[Markup]) -> Markup:
    return Markup("").join(parts)


def province_name(code: str) -> str:
    """Return the name of a province without the word itself."""
    return region(code).short_name


def tile_text(states: Sequence[RegionState], phrases: Phrases) -> str:
    """Return how many regencies and cities of a province are at which level."""
    counts = Counter(state.level for state in states)
    return str(phrases.t["map_tile"]).format(**{level: counts[level] for level in LEVELS})


def province_map(regions: Sequence[RegionState], phrases: Phrases) -> list[Markup]:
    """Return the tile map in two halves, west and east; the strip of a tile shares out its regencies by level."""
    states = by_province(regions)
    halves = []
    for half, tiles in table("tiles.toml").items():
        size = _PITCH[0] * 7, _PITCH[1] * 7
        drawn = [_tile(code, tile, states.get(code, []), half, phrases) for code, tile in tiles.items()]
        pattern = Markup(
            '<defs><pattern id="map-{}-hatch" width="4" height="4" patternUnits="userSpaceOnUse">'
            '<path class="hatch" d="M0 4L4 0"/></pattern></defs>'
        ).format(half)
        title = f"{phrases.t['map']}: {phrases.t['map_' + half]}"
        halves.append(_picture(f"map-{half}", size, title, phrases.t["map_desc"], pattern + _joined(drawn)))
    return halves


def _tile(code: str, tile: dict[str, object], states: Sequence[RegionState], half: str, phrases: Phrases) -> Markup:
    counts = Counter(state.level for state in states)
    strip, left = [], 2.0
    for level in LEVELS:
        if not counts[level]:
            continue
        width = _LEAST + (_STRIP - _LEAST * len(counts)) * counts[level] / len(states)
        height = _HEIGHTS[level]
        style = Markup(' style="fill:url(#map-{}-hatch)"').format(half) if level == "tanpa_data" else ""
        strip.append(
            Markup('<rect class="{}" x="{:.1f}" y="{}" width="{:.1f}" height="{}"{}/>').format(
                level, left, _TILE[1] - 3 - height, width, height, style
            )
        )
        left += width
    most = " ".join(f"{SYMBOLS[level]}{counts[level]}" for level in ("tinggi", "sedang") if counts[level])
    return Markup(
        '<g transform="translate({x} {y})"><title>{title}</title>'
        '<rect class="tile worst-{worst}" width="{w}" height="{h}" rx="4"/>'
        '<text class="label" x="4" y="15">{label}</text><text class="few" x="4" y="31">{most}</text>{strip}</g>'
    ).format(
        x=int(str(tile["column"])) * _PITCH[0] + 2,
        y=int(str(tile["row"])) * _PITCH[1] + 2,
        title=f"{province_name(code)}: {tile_text(states, phrases)}",
        w=_TILE[0],
        h=_TILE[1],
        worst=states[0].level if states else "tanpa_data",
        label=tile["label"],
        most=most,
        strip=_joined(strip),
    )


def heat_cells(entries: Sequence[WatchlistEntry]) -> tuple[list[tuple[str, str]], list[str], Cells]:
    """Return the heat map's rows (code and name), its themes, and the entry of each cell; high and medium regions."""
    best: dict[str, WatchlistEntry] = {}
    for entry in entries:
        if entry.level in ("tinggi", "sedang"):
            best.setdefault(entry.region, entry)
    rows = [(code, entry.region_name) for code, entry in best.items()][:_ROWS]
    codes = {code for code, _ in rows}
    cells = {(entry.region, entry.theme): entry for entry in entries if entry.region in codes}
    weight: Counter[str] = Counter()
    for (_, theme), entry in cells.items():
        weight[theme] += round(entry.score * 100)
    return rows, [theme for theme, _ in sorted(weight.items(), key=lambda item: (-item[1], item[0]))], cells


def heat_map(entries: Sequence[WatchlistEntry], phrases: Phrases) -> Markup:
    """Return region x theme with the level's letter in each cell."""
    rows, themes, cells = heat_cells(entries)
    left, top, wide, high = 142, 134, 19, 20
    drawn = [
        Markup('<text transform="translate({} {}) rotate(-60)">{}</text>').format(
            left + wide * column + 13, top - 6, _short(phrases.theme(theme), 20)
        )
        for column, theme in enumerate(themes)
    ]
    for row, (code, name) in enumerate(rows):
        y = top + high * row
        drawn.append(Markup('<text x="0" y="{}">{}</text>').format(y + 14, _short(short_name(name), 22)))
        for column, theme in enumerate(themes):
            entry = cells.get((code, theme))
            x = left + wide * column
            if entry is None:
                drawn.append(Markup('<rect class="none" x="{}" y="{}" width="17" height="18"/>').format(x, y))
                continue
            drawn.append(
                Markup(
                    '<rect class="{}" x="{}" y="{}" width="17" height="18" rx="2"/>'
                    '<text class="on-{}" text-anchor="middle" x="{}" y="{}">{}</text>'
                ).format(entry.level, x, y, entry.level, x + 8.5, y + 13.5, phrases.t["letters"][entry.level])
            )
    # The slanted names of the themes reach beyond the last column.
    size = max(left + wide * len(themes) + 66, 360), top + high * len(rows)
    return _picture("heat", size, phrases.t["heat"], phrases.t["heat_desc"].format(rows=len(rows)), _joined(drawn))


def sparkline(entry: WatchlistEntry, key: str, phrases: Phrases) -> Markup:
    """Return the scores of 28 days as a line with a dot for the last day; nothing when there is no history."""
    if not entry.history:
        return Markup("")
    most, (width, height) = max(*entry.history, 0.1), _SPARK
    step = (width - 6) / max(len(entry.history) - 1, 1)
    points = [(3 + step * n, height - 3 - (height - 6) * value / most) for n, value in enumerate(entry.history)]
    line = " ".join(f"{x:.0f},{y:.0f}" for x, y in points)
    body = Markup('<polyline points="{}"/><circle class="{}" cx="{:.0f}" cy="{:.0f}" r="3"/>').format(
        line, entry.level, *points[-1]
    )
    name = f"{entry.region_name}, {phrases.theme(entry.theme)}"
    desc = phrases.t["spark_desc"].format(
        first=phrases.number(entry.history[0]), last=phrases.number(entry.history[-1]), most=phrases.number(most)
    )
    return _picture(key, _SPARK, phrases.t["spark"].format(name=name), desc, body)


def modality_counts(phrases: Phrases) -> dict[str, int]:
    """Return kind of statement -> number of different stories of the day, the six kinds that a summary lists."""
    counts = Counter(story.modality for story in phrases.stories.values())
    appeals = {article for appeal in phrases.summary.appeals for article in appeal.articles}
    shown = {kind: counts[kind] for kind in ("kejadian", "putusan", "dugaan", "potensi", "cek_fakta")}
    return {**shown, "imbauan": len(appeals) or sum(appeal.stories for appeal in phrases.summary.appeals)}


def modality_bars(phrases: Phrases) -> Markup:
    """Return the day's stories by kind as bars; only incidents and rulings have a colour."""
    counts = modality_counts(phrases)
    most = max(*counts.values(), 1)
    drawn = [
        Markup(
            '<text x="0" y="{y}">{name}</text><rect class="bar {kind}" x="86" y="{top}" width="{width}" height="13"/>'
            '<text x="{end}" y="{y}">{count}</text>'
        ).format(
            y=20 * row + 14,
            top=20 * row + 3,
            name=phrases.modality[kind],
            kind=kind,
            width=round(200 * count / most),
            end=92 + round(200 * count / most),
            count=count,
        )
        for row, (kind, count) in enumerate(counts.items())
    ]
    return _picture("bars", (340, 124), phrases.t["bars"], phrases.t["bars_desc"], _joined(drawn))


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"
