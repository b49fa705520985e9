"""Visitor tokens and rate limits."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.chat import Rate, TokenSigner
from stream.chat.limit import RateLimiter
from stream.chat.token import TokenError

SIGNER = TokenSigner(b"k" * 32, ttl_s=100)


def test_a_token_names_its_conversation_until_it_runs_out() -> None:
    token = SIGNER.issue(merchant="demo", visitor="v", conversation="c", now=1000)
    claims = SIGNER.check(token, merchant="demo", now=1099)
    assert (claims.merchant, claims.visitor, claims.conversation, claims.expires) == ("demo", "v", "c", 1100)
    assert not SIGNER.stale(claims, 1049)
    assert SIGNER.stale(claims, 1051)
    with pytest.raises(TokenError) as refused:
        SIGNER.check(token, merchant="demo", now=1100)
    assert refused.value.code == "token_expired"


def test_a_token_of_another_shop_or_another_key_is_refused() -> None:
    token = SIGNER.issue(merchant="demo", visitor="v", conversation="c", now=0)
    for signer, merchant in ((SIGNER, "other"), (TokenSigner(b"x" * 32), "demo")):
        with pytest.raises(TokenError) as refused:
            signer.check(token, merchant=merchant, now=0)
        assert refused.value.code == "token_invalid"


@given(st.integers(0, 200), st.characters())
def test_a_changed_token_is_refused(place: int, character: str) -> None:
    token = SIGNER.issue(merchant="demo", visitor="v", conversation="c", now=0)
    place %= len(token)
    if token[place] == character:
        return
    with pytest.raises(TokenError):
        SIGNER.check(token[:place] + character + token[place + 1 :], merchant="demo", now=0)


@given(st.text(max_size=80))
def test_any_text_is_no_token(text: str) -> None:
    with pytest.raises(TokenError):
        SIGNER.check(text, merchant="demo", now=0)


def test_a_short_key_is_refused() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        TokenSigner(b"short")


def test_a_burst_then_the_rate() -> None:
    limiter = RateLimiter(Rate(2, 0.5))
    assert [limiter.take("a", 0.0) for _ in range(3)] == [0.0, 0.0, 2.0]
    assert limiter.take("a", 2.0) == 0.0
    assert limiter.take("b", 0.0) == 0.0


def test_forgetting_the_least_used_keeps_memory_bounded() -> None:
    limiter = RateLimiter(Rate(1, 0.1), keys=2)
    for key in "abc":
        limiter.take(key, 0.0)
    assert limiter.take("c", 0.0) > 0
    assert limiter.take("a", 0.0) == 0.0


@given(st.lists(st.floats(0, 10), max_size=60))
def test_never_more_than_burst_and_rate_allow(gaps: list[float]) -> None:
    limiter = RateLimiter(Rate(3, 1.0))
    now, taken = 0.0, 0
    for gap in gaps:
        now += gap
        taken += limiter.take("a", now) == 0.0
    assert taken <= 3 + now + 1e-6
