# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is asked and what is made of answers, without a network."""

from __future__ import annotations

import base64
import struct
import threading

from typing import Any

import pytest

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.jsa.ports.plugins.module_utils._observe.outward import certificate, dns, engine, ntp, proxy
from ansible_collections.jsa.ports.plugins.module_utils._observe.outward.model import (
    FailedError,
    OutwardError,
    Proxy,
    Target,
    read_proxy,
    read_targets,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (None, None),
        ("", None),
        ("http://proxy.test:3128", ("proxy.test", 3128, None, None)),
        ("http://u:p%40%2F%3A@proxy.test:3128/", ("proxy.test", 3128, "u", "p@/:")),
        ("http://u@[2001:db8::1]:80", ("2001:db8::1", 80, "u", None)),
    ],
)
def test_a_proxy(text: str | None, expected: Any) -> None:
    assert read_proxy(text) == expected


@pytest.mark.parametrize(
    "text",
    ["secret", "https://u:secret@p:1", "http://u:secret@p", "http://u:secret@p:99999", "http://u:secret@:1",
     "http://u:secret@p:1/x", "http://u:secret@p:1?x", "http://u:secret@p q:1", "http://u:sec/ret@p:1"],
)  # fmt: skip
def test_a_wrong_proxy_is_told_without_repeating_it(text: str) -> None:
    with pytest.raises(OutwardError) as error:
        read_proxy(text)
    assert "secret" not in str(error.value)


def test_the_request_to_a_proxy() -> None:
    target = Target("tls", "2001:db8::1", 443, None, {})
    lines = proxy.request(Proxy("p", 1, "u", "p:w"), target).split(b"\r\n")
    assert lines[:2] == [b"CONNECT [2001:db8::1]:443 HTTP/1.1", b"Host: [2001:db8::1]:443"]
    assert base64.b64decode(lines[2].split()[-1]) == b"u:p:w"
    assert b"Authorization" not in proxy.request(Proxy("p", 1, None, None), target)


@pytest.mark.parametrize(
    ("item", "says"),
    [
        ({}, "kind: None is none of"),
        ({"kind": [], "host": "a"}, "kind: [] is none of"),
        ({"kind": "http", "host": "a"}, "kind: 'http'"),
        ({"kind": "smtp"}, "host: None"),
        ({"kind": "smtp", "host": "a b\r\n"}, "host: 'a b"),
        ({"kind": "tls", "host": "a", "name": "a\r\nX: y"}, "name:"),
        ({"kind": "dns", "host": "a"}, "name: is missing"),
        ({"kind": "smtp", "host": "a", "port": 0}, "port: 0"),
        ({"kind": "smtp", "host": "a", "port": "x"}, "port: 'x'"),
        ({"kind": "smtp", "host": "a", "result": "ok"}, "result is a key of the results"),
    ],
)
def test_a_wrong_target(item: dict[str, Any], says: str) -> None:
    with pytest.raises(OutwardError, match=r"earlier; targets\[1\]") as error:
        read_targets([{"kind": "ntp", "host": "a"}, item], ["earlier"])
    assert says in str(error.value)


def test_a_question_to_a_name_server() -> None:
    asked = dns.question(7, "a.example.")
    assert asked == struct.pack("!6H", 7, 0x100, 1, 0, 0, 0) + b"\x01a\x07example\0\0\1\0\1"
    for name in ("", "a..b", "x" * 64):
        with pytest.raises(FailedError):
            dns.question(7, name)


@given(st.binary(max_size=100))
def test_whatever_a_certificate_is_only_its_own_error_leaves(data: bytes) -> None:
    try:
        certificate.describe(data)
    except certificate.CertificateError:
        return


@given(st.data())
def test_a_certificate_with_an_error_in_it(data: st.DataObject) -> None:
    der = bytearray(DER)
    der[data.draw(st.integers(0, len(der) - 1))] ^= data.draw(st.integers(1, 255))
    try:
        certificate.describe(bytes(der[: data.draw(st.integers(0, len(der)))]))
    except certificate.CertificateError:
        return


def _part(tag: int, *contents: bytes) -> bytes:
    content = b"".join(contents)
    size = len(content)
    length = bytes([size]) if size < 128 else b"\x82" + size.to_bytes(2, "big")
    return bytes([tag]) + length + content


def _name(oid: bytes, text: str, tag: int = 0x0C) -> bytes:
    value = text.encode("utf-16-be" if tag == 0x1E else "utf-8")
    return _part(0x30, _part(0x31, _part(0x30, _part(6, oid), _part(tag, value))))


DER = _part(
    0x30,
    _part(
        0x30,
        _part(0xA0, _part(2, b"\2")),
        _part(2, b"\1"),
        _part(0x30, b""),
        _name(b"\x55\x04\x0a", "Gr\u00fc\u00dfe", 0x1E),
        _part(0x30, _part(0x17, b"260101000000Z"), _part(0x18, b"20550203040506Z")),
        _name(b"\x55\x04\x03", "good.test"),
        _part(0x30, b"\0" * 300),
    ),
)


def test_a_certificate() -> None:
    assert certificate.describe(DER) == {
        "subject": "CN=good.test",
        "issuer": "O=Gr\u00fc\u00dfe",
        "expires": "2055-02-03T04:05:06Z",
    }


def test_a_time_of_ntp() -> None:
    stamp = struct.pack("!II", 2208988800 + 100, 1 << 31)
    assert ntp._seconds(stamp) == 100.5


def test_one_target_that_breaks_does_not_take_the_others_along(monkeypatch: pytest.MonkeyPatch) -> None:
    def explode(*arguments: object) -> None:
        raise RuntimeError("boom")

    monkeypatch.setitem(engine._CHECKS, "ntp", explode)
    monkeypatch.setitem(engine._CHECKS, "smtp", lambda *arguments: {"greeting": "220"})
    targets = read_targets([{"kind": "ntp", "host": "127.0.0.1", "id": 1}, {"kind": "smtp", "host": "127.0.0.1"}])
    first, second = engine.run(targets, None, None, 10.0)
    assert (first["result"], first["id"], second["result"]) == ("unavailable", 1, "ok")
    assert "boom" in first["reason"]


def test_a_resolver_that_hangs_is_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    hang = threading.Event()
    monkeypatch.setattr(engine, "resolve", lambda host: hang.wait(60))
    monkeypatch.setattr(engine, "_GRACE", 0.0)
    (result,) = engine.run(read_targets([{"kind": "smtp", "host": "slow.test"}]), None, None, 0.2)
    hang.set()
    assert (result["result"], result["reason"]) == ("name_not_resolved", "no name server answered in time")
