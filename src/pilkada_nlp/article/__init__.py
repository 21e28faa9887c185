"""The frozen types that flow from an outlet to a tagged article, and what identifies an article.

What follows from tagged articles (stories, watchlist, summary) stands in `article.findings`.

Every time is aware and in UTC; `local_time` shows it in WIB, WITA or WIT. Scores and probabilities lie in [0, 1].
Region codes are those of the ministerial decree ("64" a province, "64.02" a regency or city).
"""

import hashlib
import re
from collections.abc import Mapping
from datetime import date, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Literal
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlencode, urlsplit

import msgspec

if TYPE_CHECKING:
    from pilkada_nlp.article.explanation import Explanation
    from pilkada_nlp.article.rows import Row
    from pilkada_nlp.wording import Language

OutletKind = Literal["national", "local", "official"]
SourceType = Literal["api", "feed", "sitemap", "listing", "home", "file"]
Election = Literal["pilkada", "pemilu", "lain"]
Strength = Literal["pokok", "sebutan"]
ModalityValue = Literal["kejadian", "dugaan", "putusan", "potensi", "imbauan", "fakta_proses", "cek_fakta"]
SourceKindValue = Literal[
    "media", "adv", "rilis_pemda", "rilis_penyelenggara", "rilis_aparat", "partai", "reprint", "opini", "cek_fakta"
]
RegionRole = Literal["peristiwa", "disebut", "dateline"]
Outcome = Literal["terbukti", "tidak_terbukti"]
Joining = Literal["?page=all", "?single=1", "?page={n}", "/{n}"]
Stage = Literal["discover", "fetch", "extract"]
InstitutionKind = Literal[
    "penyelenggara", "pengawas", "pengadilan", "aparat", "pemerintah", "legislatif", "partai", "pemantau"
]

MODALITIES: tuple[ModalityValue, ...] = (
    "kejadian",
    "dugaan",
    "putusan",
    "potensi",
    "imbauan",
    "fakta_proses",
    "cek_fakta",
)

SOURCE_KINDS: tuple[SourceKindValue, ...] = (
    "media",
    "adv",
    "rilis_pemda",
    "rilis_penyelenggara",
    "rilis_aparat",
    "partai",
    "reprint",
    "opini",
    "cek_fakta",
)

OUTCOMES: tuple[Outcome, ...] = ("terbukti", "tidak_terbukti")

ZONES: Mapping[str, tuple[str, timezone]] = {
    "Asia/Jakarta": ("WIB", timezone(timedelta(hours=7), "WIB")),
    "Asia/Pontianak": ("WIB", timezone(timedelta(hours=7), "WIB")),
    "Asia/Makassar": ("WITA", timezone(timedelta(hours=8), "WITA")),
    "Asia/Jayapura": ("WIT", timezone(timedelta(hours=9), "WIT")),
}
"""IANA name -> (abbreviation, fixed offset): Indonesia has had no daylight saving time since 1964."""


class Selectors(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """CSS selectors of an outlet's article page; None where the general rules are good enough.

    `remove` picks parts of the body that are no text of the article. `valid_until` is the last day on which pages had
    this shape, None while they still have it.
    """

    valid_until: date | None = None  # first, because the field `date` below hides the type of that name
    title: str | None = None
    body: str | None = None
    date: str | None = None
    author: str | None = None
    remove: str | None = None


class Outlet(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A news source as declared in an outlets file.

    Where it announces articles: `apis` are WordPress collections ("https://x.id/wp-json/wp/v2/posts"), `feeds` RSS,
    Atom or JSON Feed, `sitemaps` sitemaps or indexes of them, `listings` pages of headlines, `files` folders of saved
    pages or text files with an address a line on this machine. With none of them the feed named on `home` is read.
    A listing may hold fields: `{date:%Y/%m/%d}` is a day in the outlet's zone, `{page}` counts from 1. `listing_links`
    and `listing_next` are CSS of the articles' links and of the link to the next page (None: found by its words).

    `regions` are the codes of the area that it reports on (empty: the whole country). `pace` is the least number of
    seconds between two requests to one host of it. `timezone` is a key of `ZONES`: the zone of times that its pages
    show without one, and of its day. `allow_private` lets it lie on this machine or in an intranet. `evidence` says
    where its addresses were seen in public, `verified` when somebody last saw them answer.

    `selectors` are in order, newest first; `selectors_tested` says that a page of this shape stands in the tests.
    `joining` says where the rest of a split article is, None where the links on the page say it.
    """

    id: str
    name: str
    home: str
    kind: OutletKind = "local"
    regions: tuple[str, ...] = ()
    timezone: str = "Asia/Jakarta"
    apis: tuple[str, ...] = ()
    feeds: tuple[str, ...] = ()
    sitemaps: tuple[str, ...] = ()
    listings: tuple[str, ...] = ()
    listing_links: str = "h1 a, h2 a, h3 a"
    listing_next: str | None = None
    files: tuple[str, ...] = ()
    selectors: tuple[Selectors, ...] = ()
    selectors_tested: bool = False
    joining: Joining | None = None
    pace: float = 2.0
    allow_private: bool = False
    evidence: str = ""
    verified: date | None = None

    def sources(self) -> list[tuple[SourceType, str]]:
        """Return type and address of each source, those that tell most about an article first."""
        kinds: tuple[tuple[SourceType, tuple[str, ...]], ...] = (
            ("api", self.apis),
            ("feed", self.feeds),
            ("sitemap", self.sitemaps),
            ("listing", self.listings),
            ("file", self.files),
        )
        return [(kind, address) for kind, addresses in kinds for address in addresses] or [("home", self.home)]


WORDPRESS_POST = "application/vnd.wordpress.post+json"
"""The content type of a page whose body is one post as the REST interface of WordPress gives it, `_embed` included."""


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """One fetched page: `body` are the bytes as sent (decompressed), `fetched_at` is in UTC.

    `requested_url` was asked for, `url` answered (after redirects). `part` counts from 1 over the pages of a split
    article. `announced_at` is the publication time that the feed or sitemap gave.
    """

    requested_url: str
    url: str
    outlet: str
    fetched_at: datetime
    status: int
    content_type: str
    body: bytes
    part: int = 1
    announced_at: datetime | None = None


class Robots(msgspec.Struct, frozen=True, kw_only=True):
    """The robots.txt of one origin ("https://a.id"), `text` compressed because there is one for every host.

    `refusal` says why nothing may be asked for at all, "" when the file could be read. Both hold until `until`.
    """

    origin: str
    until: datetime
    text: bytes = b""
    refusal: str = ""


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """An address that an outlet announces: `published_at` and `title` as its feed or sitemap gives them, if it does.

    `page` is there when the source delivers the article with its announcement, so that nothing is left to fetch.
    """

    url: str
    published_at: datetime | None = None
    title: str | None = None
    page: Page | None = None


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """A result that people look at: one line where it is printed, a card in a notebook (`display`, `cards`)."""

    def __repr__(self) -> str:
        from pilkada_nlp.article.display import line

        return line(self)

    def _repr_html_(self) -> str:
        from pilkada_nlp.article.cards import card

        return card(self)


class Article(Shown, frozen=True, kw_only=True):
    """A clean article. Offsets of evidence count characters of `text` (paragraphs joined by a blank line).

    `id` comes from the canonical URL (`article_id`); `url` is the address that people can open. `published_at` is None
    when the page shows no believable time, `published_on` when it shows no believable date; `day` is the day that the
    article belongs to, in the outlet's own zone, and always known, from the time of fetching at worst. `complete` is
    False when a page of a split article is missing.

    What stands around a text without belonging to it is kept beside it: `editors` (names, or codes such as "bds/aik"),
    `dateline` (the town, which the text keeps too), `marks` (closing marks such as "(Adv)" and "(prokom04)", and
    "/adv/" for an address that says so), `source_line` ("Sumber: Antara", "dilansir dari laman kementerian").
    """

    id: str
    url: str
    outlet: str
    title: str
    text: str
    day: date
    fetched_at: datetime
    published_at: datetime | None = None
    published_on: date | None = None
    authors: tuple[str, ...] = ()
    section: str | None = None
    complete: bool = True
    updated_at: datetime | None = None
    editors: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    dateline: str | None = None
    marks: tuple[str, ...] = ()
    source_line: str | None = None

    @property
    def paragraphs(self) -> tuple[str, ...]:
        """The paragraphs, sub-headings and list items of the text, in order."""
        return tuple(self.text.split("\n\n")) if self.text else ()


Reason = Literal[
    "robots",
    "refused_address",
    "redirect",
    "http_status",
    "gone",
    "waiting",
    "connection",
    "deadline",
    "too_large",
    "wrong_type",
    "not_a_source",
    "bad_url",
    "too_old",
    "consent_wall",
    "paywall",
    "bot_challenge",
    "soft_404",
    "listing_page",
    "gallery",
    "not_indonesian",
    "too_short",
    "spun_text",
    "unreadable",
    "duplicate",
]
"""Why something was set aside; the texts shown to people stand in `data/texts.toml` under `reasons`."""

PASSING: frozenset[str] = frozenset({"robots", "connection", "deadline", "http_status", "waiting"})
"""Reasons that may be gone at the next run, so the address is tried again."""


class Rejection(msgspec.Struct, frozen=True, kw_only=True):
    """Something that was set aside: which address, at which stage, why, and when (UTC)."""

    url: str
    outlet: str
    stage: Stage
    reason: Reason
    detail: str
    at: datetime


class SourceRecord(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of one source of an outlet from asking it before.

    `outcome` is what the last asking came to, with `reason` where it failed and `detail` where there is more to say;
    `outcomes` counts all askings by outcome or reason. `announced` is the number of articles in the last answer, `new`
    those that were not known then. `succeeded_at` is the time of the last answer, `failures` counts in a row since
    then. `settled_at` is the time of the last answer of which nothing was left to do, `settled_since` how far back it
    was asked about; only then are `validators` kept (address -> ETag and Last-Modified as sent), because "not modified"
    must not hide an article that is still to be fetched. `interval` is the seconds between two askings while all goes
    well, `due_at` when the next one is due; before `held_until` the server wants to be left in peace.
    """

    outlet: str
    type: SourceType
    address: str
    outcome: Literal["never", "fetched", "not_modified", "failed"] = "never"
    reason: Reason | None = None
    detail: str = ""
    outcomes: dict[str, int] = {}  # msgspec gives each struct an empty dict of its own
    announced: int = 0
    new: int = 0
    asked_at: datetime | None = None
    succeeded_at: datetime | None = None
    settled_at: datetime | None = None
    settled_since: datetime | None = None
    validators: dict[str, tuple[str | None, str | None]] = {}
    failures: int = 0
    interval: float = 3600.0
    due_at: datetime | None = None
    held_until: datetime | None = None


class Relevance(msgspec.Struct, frozen=True, kw_only=True):
    """Whether the text is about an election, with its probability and the kind of election."""

    value: bool
    score: float
    election: Election | None = None


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """A sentence that carries a judgement: characters `start` to `end` of the article's `field`.

    `terms` are the terms in it that weigh most, each with its weight in the model (log-odds). `modality` is what kind
    of statement this one sentence makes, which may be another one than the article's.
    """

    start: int
    end: int
    text: str
    terms: tuple[tuple[str, float], ...] = ()
    field: Literal["text", "title"] = "text"
    modality: ModalityValue | None = None


class ThemeTag(msgspec.Struct, frozen=True, kw_only=True):
    """A theme that the article carries: `pokok` when it is about it, `sebutan` when it only names it."""

    theme: str
    strength: Strength
    score: float
    threshold: float
    evidence: tuple[Evidence, ...] = ()


class Modality(msgspec.Struct, frozen=True, kw_only=True):
    """What kind of statement the article makes, by its news peg."""

    value: ModalityValue
    score: float
    secondary: ModalityValue | None = None
    evidence: tuple[Evidence, ...] = ()


class RegionTag(msgspec.Struct, frozen=True, kw_only=True):
    """A region and its part in the article: `score` below 1 says that another reading is possible."""

    code: str
    name: str
    role: RegionRole
    score: float


class SourceKind(msgspec.Struct, frozen=True, kw_only=True):
    """Who speaks through the text; `mark` is the sign that shows it, such as "(Adv)", if there is one."""

    value: SourceKindValue
    score: float
    mark: str | None = None


class Institution(msgspec.Struct, frozen=True, kw_only=True):
    """A body that the text names: `name` is its short name ("Bawaslu"), `region` the words behind it as written.

    `mentions` are (start, end) in the article's text, the region's words included; a bare "Bawaslu" belongs to
    "Bawaslu Kutai Kartanegara" when the text names no other.
    """

    name: str
    kind: InstitutionKind
    region: str | None
    mentions: tuple[tuple[int, int], ...]


class Speaker(msgspec.Struct, frozen=True, kw_only=True):
    """Who says the sentence at characters `start` to `end` of the article's text, in quotation marks or reported.

    `name` and `office` are as written where the speaker was introduced. `name` is None for a speaker without one: an
    office ("Kapolres Bima"), or a body that speaks for itself ("Bawaslu RI"), which then stands in `office`.
    """

    name: str | None
    office: str | None
    start: int
    end: int


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """A figure as the article gives it, never turned into a class: `text` is what stands between `start` and `end`.

    `unit` is "persen", "rupiah" or the word behind the number, None for a bare index value; `counts` the noun that is
    measured, None where none is near. `speaker` is the name (else the office) of who says the sentence. `instrument`
    is "IKP" for a value of the election vulnerability index, `year` the year of that index if it is given.
    """

    value: float
    text: str
    unit: str | None
    counts: str | None
    speaker: str | None
    start: int
    end: int
    instrument: str | None = None
    year: int | None = None


class LawCited(msgspec.Struct, frozen=True, kw_only=True):
    """A law, regulation or ruling cited at characters `start` to `end`: one per article of law ("Pasal").

    `law` is in short form ("UU 10/2016", "putusan MK 60/PUU-XXII/2024"), None where only the article is named.
    """

    text: str
    pasal: str | None
    ayat: tuple[str, ...]
    huruf: tuple[str, ...]
    law: str | None
    start: int
    end: int


class Entities(msgspec.Struct, frozen=True, kw_only=True):
    """Who and what an article names, each kind in the order of the text."""

    institutions: tuple[Institution, ...] = ()
    speakers: tuple[Speaker, ...] = ()
    figures: tuple[Figure, ...] = ()
    laws: tuple[LawCited, ...] = ()


class Tagging(Shown, frozen=True, kw_only=True):
    """All judgements on one article. A field that no model fills yet is None, not a guess.

    `theme_scores` holds the calibrated probability that a theme is `pokok`, for every theme the model knows, also when
    the theme is not assigned. `severity` is 0 to 4. `review` names the fields that need a person. `thresholds` holds
    the probability from which the model says yes, for "relevant" and for every theme; {} in taggings stored before that
    was recorded.
    """

    id: str
    relevant: Relevance
    themes: tuple[ThemeTag, ...]
    theme_scores: dict[str, float]
    modality: Modality | None
    regions: tuple[RegionTag, ...]
    source_kind: SourceKind
    severity: int
    review: tuple[str, ...]
    outcome: Outcome | None
    model: str
    taxonomy: str
    version: str
    event_date: date | None = None
    is_aggregate: bool | None = None
    case_stage: str | None = None
    subtags: dict[str, tuple[str, ...]] | None = None
    entities: Entities | None = None
    thresholds: dict[str, float] = {}  # msgspec gives each struct an empty dict of its own

    def explain(self, language: "Language" = "id", title: str = "") -> "Explanation":
        """Return what each judgement rests on, for `print`, for a notebook and, by `dict()`, for JSON.

        A tagging does not know the article's title; `title` is shown when it is given. ValueError for a language other
        than "id" and "en".
        """
        from pilkada_nlp.article.explanation import Explanation

        return Explanation(tagging=self, language=language, title=title)

    def places(self) -> tuple[RegionTag, ...]:
        """Return the regions of the event or of the election discussed."""
        return tuple(region for region in self.regions if region.role == "peristiwa")

    def row(self) -> "Row":
        """Return the judgements as one row of a data frame; `themes`, `mentioned`, `regions`, `review` are lists."""
        from pilkada_nlp.article.rows import tagging_row

        return tagging_row(self)


def local_time(moment: datetime, zone: str = "Asia/Jakarta") -> str:
    """Return an aware time as people read it, such as "21/11/2024 14.05 WITA"."""
    return f"{moment.astimezone(ZONES[zone][1]):%d/%m/%Y %H.%M} {ZONES[zone][0]}"


_TRACKERS = re.compile(r"(?i)^(utm_\w+|fbclid|gclid|igshid|mc_[ce]id|ref|source|from|s?cmpid|at_\w+|wtmc)$")
_PAGING = frozenset({"page", "halaman", "single", "amp", "showpage"})
_MIRROR_HOST = re.compile(r"^(www|m|amp|mobile|wap)\.(?=[^.]+\.)")
_AMP_PATH = re.compile(r"(/amp|\.amp|/\?amp)$", re.IGNORECASE)
_DEFAULT_PORTS = {"http": 80, "https": 443}


def canonical_url(url: str) -> str:
    """Return the one address for an article behind its mobile, AMP, paged and tracked copies.

    The scheme becomes https and the host loses "www.", "m." and "amp."; fragments, trackers and paging parameters go,
    the other parameters are sorted. The function is idempotent. Raises ValueError for what is not an absolute http(s)
    address.
    """
    parts = urlsplit(url.strip())
    host = (parts.hostname or "").rstrip(".")
    if parts.scheme.lower() not in _DEFAULT_PORTS or not host:
        raise ValueError(f"not an absolute http or https address: {url[:200]!r}; write it whole")
    while _MIRROR_HOST.match(host):
        host = _MIRROR_HOST.sub("", host)
    if ":" in host:
        host = f"[{host}]"
    if parts.port and parts.port not in _DEFAULT_PORTS.values():
        host = f"{host}:{parts.port}"
    path = quote(unquote(parts.path), safe="/:@!$&'()*+,;=~-._").rstrip("/")
    while _AMP_PATH.search(path):
        path = _AMP_PATH.sub("", path).rstrip("/")
    query = sorted(
        (key, value)
        for key, value in parse_qsl(parts.query, keep_blank_values=True)
        if key.lower() not in _PAGING and not _TRACKERS.match(key)
    )
    return SplitResult("https", host, path, urlencode(query), "").geturl()


def article_id(url: str) -> str:
    """Return the id of the article at `url`: 16 hexadecimal digits from SHA-256 of its canonical URL."""
    return hashlib.sha256(canonical_url(url).encode()).hexdigest()[:16]
