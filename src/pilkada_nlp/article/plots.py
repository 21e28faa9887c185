"""Plots of a watchlist by Altair, which is imported only here: the extra `plot`.

Every chart says in words and shapes what it says in colours, and lies on paper of its own, so that it can be read on
light and dark pages alike. `chart.save("daftar.svg")` and `.png` need no network.
"""

from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from pilkada_nlp.article.charts import (
    INK,
    INKS,
    PAPER,
    SOFT,
    ChartWords,
    Values,
    data,
    framed,
    level_colour,
    need_altair,
    safe_rows,
)
from pilkada_nlp.article.findings import (
    LEVELS,
    SYMBOLS,
    Coverage,
    Level,
    RegionState,
    Watchlist,
    WatchlistEntry,
    by_province,
    short_name,
)
from pilkada_nlp.wording import Language, table

if TYPE_CHECKING:
    import altair as alt

_MOST: Final = 20  # entries or regions on one chart
_HALVES: Final = {"west": 0, "east": 7}  # the first column of each half of the tile map


class WatchlistPlots:
    """The plots of one watchlist; calling it gives the overview. ValueError for a language without words."""

    def __init__(self, watchlist: Watchlist) -> None:
        self._list = watchlist

    def __call__(self, *, language: Language = "id") -> "alt.LayerChart":
        """Return the highest entries as bars by score, each with its level in words."""
        need_altair()
        import altair as alt

        words = ChartWords(language)
        rows: Values = [
            {
                "name": f"{words.place(entry)}: {words.theme(entry.theme)}",
                "score": entry.score,
                "level": words.level(entry.level),
                "label": f"{words.number(entry.score, '.1f')}  {words.level(entry.level)}",
            }
            for entry in self._list.entries[:_MOST]
        ]
        rows = safe_rows(rows)
        base = alt.Chart(data(rows)).encode(
            y=alt.Y("name:N", sort=[row["name"] for row in rows], title=None, axis=alt.Axis(labelLimit=360)),
            x=alt.X("score:Q", title=words.t["score"], axis=alt.Axis(tickMinStep=1)),
        )
        # The words beside the bars say the level, so no legend does.
        bars = base.mark_bar(stroke=SOFT, strokeWidth=0.5).encode(color=level_colour(words).legend(None))
        labels = base.mark_text(align="left", dx=5, color=INK).encode(text="label:N")
        titled = alt.LayerChart(layer=[bars, labels]).properties(
            title=words.title("overview", self._list.day), width=420
        )
        return framed(titled)

    def heatmap(self, *, language: Language = "id") -> "alt.LayerChart":
        """Return the regions at high or medium, each with the level of every theme; a letter stands in each cell."""
        need_altair()
        import altair as alt

        words = ChartWords(language)
        shown = {entry.region for entry in self._list if entry.level in ("tinggi", "sedang")}
        names = {entry.region: words.place(entry) for entry in self._list if entry.region in shown or not shown}
        codes = list(names)[:_MOST]
        cells = [entry for entry in self._list if entry.region in codes]
        rows: Values = [
            {
                "region": f"{names[entry.region]} ({entry.region})",
                "theme": words.theme(entry.theme),
                "level": words.level(entry.level),
                "letter": words.letters[entry.level],
                "ink": INKS[entry.level],
                "score": words.number(entry.score, ".1f"),
            }
            for entry in cells
        ]
        rows = safe_rows(rows)
        weight: Counter[str] = Counter()
        for row, entry in zip(rows, cells, strict=True):
            weight[row["theme"]] += round(entry.score * 100)
        base = alt.Chart(data(rows)).encode(
            x=alt.X(
                "theme:N",
                sort=[theme for theme, _ in weight.most_common()],
                title=words.t["theme"],
                axis=alt.Axis(orient="top", labelAngle=-50, labelLimit=220),
            ),
            y=alt.Y(
                "region:N",
                sort=list(dict.fromkeys(row["region"] for row in rows)),
                title=words.t["region"],
                axis=alt.Axis(labelLimit=260),
            ),
        )
        squares = base.mark_rect(stroke=PAPER, strokeWidth=2).encode(
            color=level_colour(words), tooltip=["region:N", "theme:N", "level:N", "score:N"]
        )
        letters = base.mark_text(fontWeight="bold").encode(text="letter:N", color=alt.Color("ink:N", scale=None))
        title = words.title("heatmap", self._list.day)
        return framed(
            alt.LayerChart(layer=[squares, letters]).properties(title=title, width=alt.Step(28), height=alt.Step(24))
        )

    def trend(self, region: str, theme: str, *, language: Language = "id") -> "alt.LayerChart":
        """Return the scores of an entry over 28 days, with the scores from which a level begins.

        `region` is a code or a name as it stands on the watchlist. Raises InputError when it is not listed.
        """
        need_altair()
        import altair as alt

        words = ChartWords(language)
        entry = self._list[f"{region}/{theme}"]
        history = entry.history or (entry.score,)
        first = entry.day - timedelta(days=len(history) - 1)
        # With a time of day, because a date alone is taken for UTC and would show the day before in America.
        rows: Values = [
            {"day": f"{first + timedelta(days=number)}T00:00:00", "score": score}
            for number, score in enumerate(history)
        ]
        borders: Values = [
            {"day": rows[0]["day"], "score": score, "label": words.t["threshold"].format(level=words.level(level))}
            for level, score in table("watchlist.toml")["levels"].items()
        ]
        x = alt.X("day:T", title=words.t["day"], axis=alt.Axis(format="%d/%m", labelOverlap=True))
        y = alt.Y("score:Q", title=words.t["score"], axis=alt.Axis(tickMinStep=1))
        line = alt.Chart(data(rows)).mark_line(color=INK, point=alt.OverlayMarkDef(color=INK, size=30)).encode(x=x, y=y)
        rules = alt.Chart(data(borders)).mark_rule(color=SOFT, strokeDash=[4, 3]).encode(y=y)
        names = (
            alt.Chart(data(borders))
            .mark_text(align="left", baseline="bottom", dy=-2, color=SOFT)
            .encode(x=x, y=y, text="label:N")
        )
        last: Values = [{**rows[-1], "label": words.number(entry.score, ".1f") + "  " + words.level(entry.level)}]
        end = alt.Chart(data(last)).mark_text(align="left", dx=8, fontWeight="bold", color=INK)
        title = words.title("trend", entry.day, region=entry.region_name, theme=words.theme(theme))
        layers = [rules, names, line, end.encode(x=x, y=y, text="label:N")]
        return framed(alt.LayerChart(layer=layers).properties(title=title, width=520))

    def map(self, *, language: Language = "id") -> "alt.VConcatChart":
        """Return the provinces as tiles with their highest level, above a table of those at high or medium."""
        need_altair()
        import altair as alt

        words = ChartWords(language)
        states = by_province(self._list.regions or _states(self._list))
        nowhere = words.level("tanpa_data") if self._list.regions else words.t["unlisted"]
        tiles: Values = []
        for half, places in table("tiles.toml").items():
            for code, tile in places.items():
                found = states.get(code, [])
                worst: Level = found[0].level if found else "tanpa_data"
                counted = Counter(state.level for state in found)
                tiles.append(
                    {
                        "column": tile["column"] + _HALVES[half],
                        "row": tile["row"],
                        "province": tile["label"],
                        "level": words.level(worst) if found else nowhere,
                        "few": " ".join(f"{SYMBOLS[one]}{counted[one]}" for one in LEVELS[:2] if counted[one]),
                        "ink": INKS[worst],
                    }
                )
        base = alt.Chart(data(tiles)).encode(
            x=alt.X("column:O", axis=None, scale=alt.Scale(padding=0.04)),
            y=alt.Y("row:O", axis=None, scale=alt.Scale(padding=0.04)),
        )
        squares = base.mark_rect(stroke=SOFT, strokeWidth=0.7, cornerRadius=3).encode(
            color=level_colour(words, nowhere),
            tooltip=["province:N", "level:N"],
        )
        ink = alt.Color("ink:N", scale=None)
        names = base.mark_text(dy=-16, fontSize=11, fontWeight="bold").encode(text="province:N", color=ink)
        levels = base.mark_text(fontSize=9).encode(text="level:N", color=ink)
        few = base.mark_text(dy=16).encode(text="few:N", color=ink)
        note = words.t["map_note" if self._list.regions else "map_entries"]
        heading = alt.TitleParams(words.title("map", self._list.day), subtitle=note, anchor="start")
        tiled = alt.LayerChart(layer=[squares, names, levels, few]).properties(
            title=heading, width=alt.Step(66), height=alt.Step(56)
        )
        return framed(alt.vconcat(tiled, self._provinces(states, words)))

    def _provinces(self, states: dict[str, list[RegionState]], words: "ChartWords") -> "alt.LayerChart":
        import altair as alt

        names = {code: tile["label"] for half in table("tiles.toml").values() for code, tile in half.items()}
        columns = (0, 110, 210)
        lines = [(words.t["province"], words.t["level"], words.t["counts"])]
        listed = [code for code, found in states.items() if found[0].level in LEVELS[:2]]
        for code in sorted(listed, key=lambda code: (LEVELS.index(states[code][0].level), code)):
            found = [state for state in states[code] if state.level in LEVELS[:2]]
            shown = ", ".join(f"{short_name(state.name)} {SYMBOLS[state.level]}" for state in found[:8])
            more = f" +{len(found) - 8}" if len(found) > 8 else ""
            lines.append((names.get(code, code), words.level(states[code][0].level), shown + more))
        rows: Values = [
            {"x": x, "row": number, "text": text}
            for number, line in enumerate(lines)
            for x, text in zip(columns, line, strict=True)
        ]
        base = alt.Chart(data(rows)).encode(
            x=alt.X("x:Q", axis=None, scale=alt.Scale(domain=[0, 920], nice=False)),
            y=alt.Y("row:O", axis=None),
            text="text:N",
        )
        head = base.transform_filter("datum.row == 0").mark_text(align="left", color=INK, fontWeight="bold")
        body = base.transform_filter("datum.row > 0").mark_text(align="left", color=INK, limit=700)
        return alt.LayerChart(layer=[head, body]).properties(width=920, height=alt.Step(20))


def _states(watchlist: Watchlist) -> list[RegionState]:
    """Return the states of the listed regions, where those of all regions were not kept."""
    best: dict[str, WatchlistEntry] = {}
    for entry in watchlist:
        best.setdefault(entry.region, entry)
    unseen = Coverage(outlets=0, read=0, silent=(), articles=0)
    return [
        RegionState(region=code, name=entry.region_name, level=entry.level, coverage=entry.coverage or unseen)
        for code, entry in best.items()
    ]
