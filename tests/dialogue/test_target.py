"""Targets: which settings can work, how a message is signed and put, and what is shown of their secrets."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from urllib.parse import parse_qs, urlsplit

import pytest

from dialogue.lead import Target, TargetError, TargetKind
from dialogue.lead.target import accepted, as_request, check_target, sign
from tests.dialogue.receiver import MESSAGE, SECRET


def test_the_signature_is_the_standards_example() -> None:
    """The vector of the Standard Webhooks reference libraries."""
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    assert (
        sign(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
        == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    )


@pytest.mark.parametrize(
    ("kind", "address", "secret"),
    [
        (TargetKind.WEBHOOK, "ftp://example.com", SECRET),
        (TargetKind.WEBHOOK, "https://", SECRET),
        (TargetKind.WEBHOOK, "https://user:pw@example.com", SECRET),
        (TargetKind.WEBHOOK, "https://example.com:99999", SECRET),
        (TargetKind.WEBHOOK, "https://exa mple.com", SECRET),
        (TargetKind.WEBHOOK, "https://a..b/", SECRET),
        (TargetKind.WEBHOOK, "https://xn--a/", SECRET),
        (TargetKind.FEISHU, f"https://{'x' * 300}/", ""),
        (TargetKind.WEBHOOK, "https://example.com", "short"),
        (TargetKind.WEBHOOK, "https://example.com", "whsec_AAAA"),
        (TargetKind.EMAIL, "nobody", ""),
        (TargetKind.EMAIL, "a@b.c\nBcc: d@e.f", ""),
    ],
)
def test_a_target_that_cannot_work_is_refused(kind: TargetKind, address: str, secret: str) -> None:
    with pytest.raises(TargetError):
        check_target(kind, address, secret)


def test_dingtalk_and_feishu_are_signed_as_they_ask() -> None:
    ding = as_request(
        Target("t", "m", TargetKind.DINGTALK, "", "https://d.example/r?access_token=x", "SEC"), "i", MESSAGE, now_s=1
    )
    query = parse_qs(urlsplit(ding.url).query)
    signed = base64.b64encode(hmac.new(b"SEC", b"1000\nSEC", hashlib.sha256).digest()).decode()
    assert query == {"access_token": ["x"], "timestamp": ["1000"], "sign": [signed]}
    feishu = json.loads(
        as_request(Target("t", "m", TargetKind.FEISHU, "", "https://f.example/h", "SEC"), "i", MESSAGE, now_s=1).body
    )
    expected = hmac.new(b"1\nSEC", b"", hashlib.sha256).digest()
    assert (feishu["timestamp"], feishu["sign"]) == ("1", base64.b64encode(expected).decode())


def test_a_long_lead_fits_into_what_wecom_takes() -> None:
    data = {**MESSAGE["data"], "profile": {name: "很" * 200 for name in ("name", "city", "budget", "quantity", "time")}}
    target = Target("t", "m", TargetKind.WECOM, "", "https://w.example")
    content = json.loads(as_request(target, "i", {**MESSAGE, "data": data}, now_s=1).body)["text"]["content"]
    assert len(content.encode()) <= 2048 and content.endswith("…")
    assert MESSAGE["data"]["contacts"][0]["value"] in content


@pytest.mark.parametrize("body", [b"", b"[]", b"not json", b'{"errcode": 1}', b"{}"])
def test_a_robot_that_says_anything_else_has_not_taken_it(body: bytes) -> None:
    assert not accepted(Target("t", "m", TargetKind.WECOM, "", "https://w.example"), 200, body)


def test_a_robots_key_is_not_shown_in_lists() -> None:
    robot = Target("t", "m", TargetKind.FEISHU, "", "https://open.feishu.example/bot/v2/hook/SECRETKEY")
    assert "SECRETKEY" not in robot.shown_address
    assert "KEY" not in Target("t", "m", TargetKind.WECOM, "", "https://q.example/send?key=KEY").shown_address
