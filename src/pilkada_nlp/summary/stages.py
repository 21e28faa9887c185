"""Which stages of the election a sentence says stopped, were put off or could not go on."""

import re
from collections.abc import Mapping
from typing import Final

# What each theme that is a stage is called where it stops.
_NAMES: Final[Mapping[str, str]] = {
    "data_pemilih": r"coklit|pencocokan|pemutakhiran|daftar pemilih",
    "kampanye": r"kampanye|debat|rapat umum",
    "logistik": r"logistik|distribusi|pengiriman|pengadaan|pencetakan|sortir|pelipatan",
    "pungut_hitung": r"pemungutan|penghitungan|pencoblosan|coblosan|pilkada|pemilihan(?! umum)",
    "rekap_penetapan": r"rekapitulasi|pleno|penetapan(?! tersangka)|pelantikan",
}
_STOPPED: Final = (
    r"dihentikan|terhenti|ditunda|tertunda|diskors|ditangguhkan|dibatalkan|batal|deadlock|lumpuh|dibubarkan"
    r"|(?:gagal|(?:tidak|tak|belum) (?:dapat|bisa))"
    r" (?:dilanjutkan|diteruskan|digelar|dilaksanakan|dimulai|diselesaikan|dikirim|disalurkan|berlangsung|berjalan)"
)
_STOPS: Final = r"(?:menghentikan|menunda|menangguhkan|membatalkan|membubarkan|menskors|penghentian|penundaan)"
_GAP: Final = r"(?:[\w'-]+ ){0,6}?"
# It did not stop, somebody only wants it to, or what stops is a case about the stage.
_OTHERWISE: Final = re.compile(
    r"\b(?:(?:tidak|tak|bukan|belum) (?:akan |jadi |pernah )?"
    r"(?:dihentikan|terhenti|ditunda|tertunda|diskors|ditangguhkan|dibatalkan|batal|gagal|lumpuh|dibubarkan"
    r"|menghentikan|menunda|menangguhkan|membatalkan|membubarkan|menskors)"
    r"|jika|bila|apabila|kalau|agar|supaya|minta|meminta|diminta|mengusulkan|usul\w*|mendesak|desak\w*|menuntut"
    r"|rencana|wacana|kemungkinan|opsi|istirahat|salat|shalat|sholat|makan|ishoma|hoaks|hoax|simulasi"
    r"|laporan|kasus|perkara|dugaan|penanganan|penyelidikan|penyidikan|pelanggaran)\b"
)
_PATTERNS: Final[Mapping[str, re.Pattern[str]]] = {
    theme: re.compile(
        rf"\b(?:{names})\b (?:{_GAP})(?:{_STOPPED})\b|\b{_STOPS} (?:[\w'-]+ ){{0,3}}?(?:{names})\b"
    )
    for theme, names in _NAMES.items()
}  # fmt: skip


def stopped(sentence: str) -> frozenset[str]:
    """Return the themes of the stages that a sentence says did not go on; a rest or a demand stops none."""
    text = " ".join(sentence.lower().split())
    if _OTHERWISE.search(text):
        return frozenset()
    return frozenset(theme for theme, pattern in _PATTERNS.items() if pattern.search(text))
