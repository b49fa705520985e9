"""Settings: each is used, stands in the manual with its default, and is named when it cannot be read."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from pydantic import SecretStr

from stream.backends import ice_servers, own_ice_servers
from stream.settings import Settings, SettingsError, load_settings

ROOT = Path(__file__).resolve().parents[2]


def _variable(name: str) -> str:
    return name.upper() if name.startswith("otel_") else f"ZHANGGUI_{name.upper()}"


def test_the_manual_lists_every_setting_with_its_default() -> None:
    rows = re.findall(
        r"^\| `(\w+)`( \*)? \| (?:`(.*?)`)? *\|", (ROOT / "docs" / "settings.md").read_text("utf-8"), re.M
    )
    told = {variable: (default, bool(star)) for variable, star, default in rows}
    kept = {}
    for name, field in Settings.model_fields.items():
        value = field.get_default(call_default_factory=True, validated_data={})
        secret = isinstance(value, SecretStr) or "SecretStr" in str(field.annotation)
        plain = value.get_secret_value() if isinstance(value, SecretStr) else value
        text = str(plain).lower() if isinstance(plain, bool) else "" if plain in (None, ()) else str(plain)
        kept[_variable(name)] = (text.replace(str(Path.home()), "~"), secret)
    assert told == kept


def test_every_setting_is_read_somewhere() -> None:
    read = {
        node.attr
        for path in (ROOT / "stream").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load)
    }
    assert set(Settings.model_fields) - read == set()


@pytest.mark.parametrize("text", ["stun:a:3478 stun:b:3478", "stun:a:3478, stun:b:3478"])
def test_several_stun_servers_are_written_one_after_the_other(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZHANGGUI_STUN_URLS", text)
    assert load_settings().stun_urls == ("stun:a:3478", "stun:b:3478")


@pytest.mark.parametrize("variable", ["ZHANGGUI_PORT", "OTEL_TRACES_EXPORTER"])
def test_a_setting_that_cannot_be_read_is_named_as_it_was_written(
    variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, "nonsense")
    with pytest.raises(SettingsError, match=f"^{variable} .*nonsense"):
        load_settings()


def test_the_server_uses_the_servers_of_its_viewers_only_where_it_is_told_to() -> None:
    servers = {"stun_urls": ("stun:a:3478",), "turn_url": "turn:b:3478", "turn_username": "me"}
    assert own_ice_servers(load_settings(**servers)) == ()
    for told in ("ask", "relay"):
        settings = load_settings(**servers, server_ice=told)
        assert own_ice_servers(settings) == ice_servers(settings)
        assert [server.url for server in own_ice_servers(settings)] == ["stun:a:3478", "turn:b:3478"]


def test_sending_through_a_relay_alone_needs_one() -> None:
    with pytest.raises(SettingsError, match="ZHANGGUI_TURN_URL"):
        own_ice_servers(load_settings(stun_urls=("stun:a:3478",), server_ice="relay"))
