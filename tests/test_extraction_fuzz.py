"""A short turn of the fuzzing run of `benchmarks/fuzz_extraction.py`: damaged pages give an article or a reason."""

from benchmarks.fuzz_extraction import OUTLETS, damaged_pages, withstand
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pilkada_nlp.article import Outlet


@settings(max_examples=60, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
@given(damaged_pages(), st.sampled_from(OUTLETS), st.sampled_from(["text/html", "application/vnd.wordpress.post+json"]))
def test_damaged_pages_give_an_article_or_a_reason(body: bytes, outlet: Outlet | None, kind: str) -> None:
    """Cut, doubled, spliced and sown with odd bytes: nothing is raised, and no lone surrogate or NUL comes out."""
    withstand(body, outlet, kind)
