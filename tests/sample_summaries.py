"""Summaries to render: one with every part filled, one of a quiet day, one of a day with far too much on it."""

from datetime import UTC, date, datetime, timedelta

from msgspec.structs import replace

from pilkada_nlp.article import MODALITIES, Figure, RegionTag
from pilkada_nlp.article.findings import (
    AppealCount,
    Change,
    Coverage,
    DailySummary,
    Decision,
    Drift,
    Headline,
    Level,
    Milestone,
    OpenCase,
    RegionState,
    Sentence,
    SourceState,
    Story,
    StoryMember,
    Trend,
    WatchlistEntry,
    WatchReason,
)
from pilkada_nlp.classifiers.taxonomy import load_taxonomy
from pilkada_nlp.regions import region
from pilkada_nlp.regions.gazetteer import gazetteer

DAY = date(2024, 11, 21)
OUTLETS = {"kabar": "Kabar Mahakam", "lensa": "Lensa Pesisir", "warta": "Warta Nusa", "suara": "Suara Hulu"}
_LEVELS: tuple[Level, ...] = ("tinggi", "sedang", "rendah", "tanpa_data")


def _place(code: str) -> RegionTag:
    return RegionTag(code=code, name=region(code).name, role="peristiwa", score=1.0)


def _sentence(story: str, text: str, speaker: str | None = None) -> Sentence:
    url = f"https://kabar.example/{story}"
    return Sentence(article=story, outlet="kabar", url=url, start=0, end=len(text), text=text, speaker=speaker)


def _id(key: str) -> str:
    return key.encode().hex().ljust(16, "0")[:16]


def _story(key: str, title: str, code: str, theme: str, quote: str, **fields: object) -> Story:
    ident = _id(key)
    members = tuple(
        StoryMember(
            article=f"{ident}-{outlet}",
            outlet=outlet,
            url=f"https://{outlet}.example/{ident}",
            source_kind="media",
            similarity=1.0,
        )
        for outlet in ("kabar", "lensa")
    )
    standard: dict[str, object] = {
        "id": ident,
        "day": DAY,
        "published_at": datetime(2024, 11, 21, 6, 5, tzinfo=UTC),
        "lead": members[0].article,
        "title": title,
        "election": "pilkada",
        "regions": (_place(code),) if code else (),
        "themes": ((theme, "pokok"),),
        "modality": "kejadian",
        "outcome": None,
        "severity": 3,
        "independence": 1.0,
        "sources": 2,
        "members": members,
        "sentences": (_sentence(ident, quote),),
    }
    return Story(**{**standard, **fields})  # type: ignore[arg-type]


PLENO = _story(
    "pleno", "Rapat pleno rekapitulasi dihentikan setelah ricuh di depan gudang logistik", "64.08", "rekap_penetapan",
    "Rapat dihentikan pukul 14.00 karena massa melempari gudang logistik.",
    severity=4, themes=(("rekap_penetapan", "pokok"), ("keamanan", "pokok"), ("logistik", "sebutan")),
    figures=(Figure(value=3, text="tiga", unit="orang", counts="korban luka", speaker=None, start=0, end=4),),
)  # fmt: skip
RULING = _story(
    "putusan", "Bawaslu: kepala dinas terbukti melanggar netralitas", "52.06", "netralitas_asn",
    "Yang bersangkutan terbukti melanggar dan kami teruskan ke BKN.", modality="putusan", outcome="terbukti",
    case_stage="rekomendasi", severity=3, follows=_id("lapor"),
)  # fmt: skip
LEAFLETS = _story(
    "selebaran", "Dugaan pembagian uang di dua desa dilaporkan ke Bawaslu", "35.28", "politik_uang",
    "Laporan dugaan pembagian uang itu sudah kami terima dan sedang dikaji.", modality="dugaan", severity=2,
    case_stage="kajian", review=("modality",),
)  # fmt: skip
RUMOUR = _story(
    "kabar", "Gudang surat suara disebut kebanjiran", "91.71", "logistik", "Air disebut masuk ke gudang sejak subuh.",
    severity=2, independence=0.3, sources=1,
)  # fmt: skip
MAP = _story(
    "peta", "Bawaslu memetakan 120 TPS rawan di pesisir", "64.08", "pungut_hitung", "Ada 120 TPS yang rawan.",
    modality="potensi", severity=1,
)  # fmt: skip
HOAX = _story(
    "hoaks", "Cek fakta: surat suara tercoblos di kapal tidak benar", "", "hoaks_sara", "Foto itu dari tahun lain.",
    modality="cek_fakta", severity=1,
)  # fmt: skip


def _entry(code: str, theme: str, level: Level, score: float, *stories: Story, **fields: object) -> WatchlistEntry:
    reasons = tuple(
        WatchReason(
            story=story.id,
            title=story.title,
            url=story.members[0].url,
            modality=story.modality,
            outcome=story.outcome,
            severity=story.severity,
            age_days=number,
            weight=2.0,
            factors=(("modality", 1.0),),
            sources=story.sources,
            sentences=story.sentences,
        )
        for number, story in enumerate(stories)
    )
    standard: dict[str, object] = {
        "day": DAY,
        "region": code,
        "region_name": region(code).name,
        "theme": theme,
        "level": level,
        "score": score,
        "counts": {"kejadian": 3, "dugaan": 2, "potensi": 1, "imbauan": 5},
        "reasons": reasons,
        "coverage": Coverage(outlets=3, read=2, silent=("suara",), articles=41),
        "trend": Trend(today=4, mean=0.6, direction="naik", p_value=0.004, burst=True),
        "history": tuple(round(score * day / 27, 2) for day in range(28)),
        "previous": "sedang",
    }
    return WatchlistEntry(**{**standard, **fields})  # type: ignore[arg-type]


def _milestone(key: str, name: str, english: str, first: date, last: date, *regions: str) -> Milestone:
    names = {"id": name, "en": english}
    return Milestone(key=key, election="pilkada-2024", names=names, first=first, last=last, regions=regions)


def full_summary() -> DailySummary:
    """Return the third edition of a day on which every part has something to say."""
    voting = _milestone("pemungutan", "Pemungutan suara", "Voting", date(2024, 11, 27), date(2024, 11, 27))
    campaign = _milestone("kampanye", "Masa kampanye", "Campaign", date(2024, 9, 25), date(2024, 11, 23))
    debate = _milestone("debat", "Debat terakhir", "Last debate", date(2024, 11, 22), date(2024, 11, 22), "64.08")
    decided = datetime(2024, 11, 21, 2, tzinfo=UTC)
    confirmed = Decision(entry="64.08/keamanan", action="confirm", at=decided, by="analis piket", why="dicek ke KPU")
    return DailySummary(
        day=DAY,
        edition=3,
        closed=True,
        changes=(
            Change(line="64.08/keamanan", kind="changed", title="Kutai Timur, Keamanan", before="sedang", now="tinggi"),
            Change(line=_id("lama"), kind="withdrawn", title="Kotak suara dibakar", why="ternyata latihan"),
        ),
        corrections=(
            Change(line=LEAFLETS.id, kind="corrected", title=LEAFLETS.title, before="kejadian", now="dugaan"),
        ),
        stage=(campaign,),
        next=(voting,),
        sources=(
            *(
                SourceState(outlet=outlet, name=name, read=True, articles=12, usual=14.0)
                for outlet, name in OUTLETS.items()
                if outlet != "suara"
            ),
            SourceState(outlet="suara", name="Suara Hulu", read=False, reason="http_status", detail="503", usual=9.0),
            SourceState(outlet="sepi", name="Sepi Kita", read=True, articles=1, usual=22.0),
        ),
        articles=1284,
        related=212,
        review=17,
        stories=31,
        independent=19,
        headlines=(
            Headline(mark="baru", story=PLENO.id, articles=(PLENO.lead,), sentence=PLENO.sentences[0]),
            Headline(
                mark="diperbarui",
                story=RULING.id,
                articles=(RULING.lead,),
                sentence=replace(RULING.sentences[0], speaker="Ketua Bawaslu Bima"),
            ),
            Headline(mark="dikoreksi", story=LEAFLETS.id, articles=(LEAFLETS.lead,), sentence=LEAFLETS.sentences[0]),
        ),
        incidents=(PLENO,),
        rulings=(RULING,),
        allegations=(LEAFLETS,),
        unconfirmed=(RUMOUR,),
        watchlist=(
            _entry("64.08", "keamanan", "tinggi", 8.4, PLENO, RULING, decision=confirmed),
            _entry("64.08", "rekap_penetapan", "tinggi", 6.0, PLENO),
            _entry("52.06", "netralitas_asn", "sedang", 2.4, RULING, previous="tinggi",
                   trend=Trend(today=1, mean=1.2, direction="turun")),
            _entry("35.28", "politik_uang", "sedang", 1.8, LEAFLETS, previous=None,
                   trend=Trend(today=2, mean=0.0, direction="baru")),
            _entry("91.71", "logistik", "rendah", 0.6, RUMOUR, previous="rendah",
                   coverage=Coverage(outlets=0, read=0, silent=(), articles=2),
                   trend=Trend(today=1, mean=0.9, direction="tetap")),
        ),
        regions=_states({"64.08": "tinggi", "52.06": "sedang", "35.28": "sedang", "91.71": "rendah"}),
        muted=("73.71/kampanye",),
        open_cases=(
            OpenCase(
                story=_id("kasus"),
                title="Dugaan ijazah calon dipalsukan",
                regions=(_place("73.71"),),
                themes=(("pencalonan", "pokok"),),
                since=DAY - timedelta(days=23),
                last=DAY - timedelta(days=4),
                stage="klarifikasi",
                chain=(_id("kasus"), _id("kasus 2")),
                url="https://kabar.example/kasus",
                expected=date(2024, 11, 28),
            ),
        ),
        potentials=(MAP,),
        ahead=(debate, voting),
        appeals=(
            AppealCount(region="64.08", region_name="Kabupaten Kutai Timur", stories=24, not_independent=18,
                        kinds={"rilis_pemda": 14, "rilis_aparat": 4, "media": 6}, usual=3.2, jump=True),
            AppealCount(region="", region_name="", stories=3, not_independent=1, kinds={"media": 2, "adv": 1}, usual=2),
        ),
        debunked=(HOAX,),
        set_aside={"consent_wall": 3, "duplicate": 1040},
        model="uji",
        taxonomy="2",
        version="0",
        warnings=(Drift(kind="election_words", found=0.22, usual=0.17, articles=120, outlet="kabar"),),
        notice="Contoh untuk uji tampilan.",
        contact="pemantau@contoh.id",
    )  # fmt: skip


def empty_summary() -> DailySummary:
    """Return the first edition of a day on which nothing was reported and one part could not be made."""
    kept = ("day", "sources", "model", "taxonomy", "version", "stage", "next")
    full = full_summary()
    nothing = {
        name: () if isinstance(getattr(full, name), tuple) else 0
        for name in full.__struct_fields__
        if isinstance(getattr(full, name), (tuple, int)) and name not in kept
    }
    return replace(
        full, **{**nothing, "edition": 1, "closed": False, "set_aside": {}, "notice": None},
        missing={"watchlist": "arsip rusak"},
    )  # fmt: skip


def large_summary(entries: int = 300, stories: int = 200) -> DailySummary:
    """Return a day with that many entries of the watchlist and stories, of all levels and kinds."""
    full = full_summary()
    codes = sorted(code for code in gazetteer().regions if "." in code)
    themes = [theme.id for theme in load_taxonomy().themes]
    told = [
        replace(
            _story(
                f"s{n:06}", f"Cerita nomor {n} tentang keadaan di daerah pada hari ini dan kemarin", codes[n],
                themes[n % len(themes)], "Kalimat yang menunjukkan apa yang diberitakan, dengan panjang biasa. " * 2,
            ),
            modality=MODALITIES[n % 4],
            severity=n % 5,
        )
        for n in range(stories)
    ]  # fmt: skip
    listed = tuple(
        _entry(codes[n // 2], themes[n % len(themes)], _LEVELS[min(n // 40, 2)], 12.0 - n / 30,
               *(told[(n + k) % stories] for k in range(5)))
        for n in range(entries)
    )  # fmt: skip
    return replace(
        full,
        incidents=tuple(story for story in told if story.modality == "kejadian"),
        rulings=tuple(story for story in told if story.modality == "putusan"),
        allegations=tuple(story for story in told if story.modality == "dugaan"),
        potentials=tuple(story for story in told if story.modality == "potensi"),
        watchlist=listed,
        regions=_states({entry.region: entry.level for entry in reversed(listed)}),
        stories=stories,
        independent=140,
    )


def _states(levels: dict[str, Level]) -> tuple[RegionState, ...]:
    """Return the state of all regencies; those in Papua have no data unless they are named."""
    return tuple(
        RegionState(
            region=code,
            name=place.name,
            level=levels.get(code, "tanpa_data" if code.startswith("9") else "rendah"),
            coverage=Coverage(outlets=2, read=2, silent=(), articles=3),
        )
        for code, place in sorted(gazetteer().regions.items())
        if "." in code
    )
