# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The bus's messages, and a real bus of the test's own."""

from __future__ import annotations

import contextlib
import shutil
import socket
import struct
import subprocess
import threading

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.jsa.ports.plugins.module_utils._host import dbus
from ansible_collections.jsa.ports.plugins.module_utils._host.dbus import (
    NO_SERVER,
    Bus,
    BusError,
    decode,
    encode,
    split_signature,
)

TEXT = st.text(st.characters(blacklist_characters="\0", blacklist_categories=("Cs",)), max_size=20)
#: The bus itself answers questions, so no service is needed.
DBUS = ("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus")

CONFIG = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>system</type><listen>unix:path={path}</listen><auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*"/><allow own="*"/><allow eavesdrop="false"/></policy></busconfig>
"""


@given(st.lists(TEXT, max_size=5), TEXT)
def test_texts_round_trip(texts: list[str], text: str) -> None:
    assert list(decode("ssas", encode("ssas", [text, text, texts]))) == [text, text, texts]


@given(st.text("ybnqiuxtdhsogva({})", max_size=12), st.binary(max_size=80))
def test_no_bytes_break_the_reader(signature: str, data: bytes) -> None:
    # What a call turns into a BusError.
    with contextlib.suppress(ValueError, IndexError, struct.error):
        list(decode(signature, data))


@pytest.mark.parametrize(
    ("signature", "data", "expected"),
    [
        ("b", b"\1\0\0\0", True),
        ("u", b"\7\0\0\0", 7),
        ("y", b"\7", 7),
        ("t", b"\7" + b"\0" * 7, 7),
        ("s", b"\2\0\0\0hi\0", "hi"),
        ("v", b"\1u\0\0\7\0\0\0", 7),
        ("(su)", b"\1\0\0\0a\0\0\0\7\0\0\0", ("a", 7)),
        ("a{sv}", b"\x10\0\0\0\0\0\0\0\1\0\0\0a\0\1u\0\0\0\0\7\0\0\0", {"a": 7}),
        ("a(ss)", b"\0\0\0\0\0\0\0\0", []),
        ("as", b"\6\0\0\0\1\0\0\0a\0", ["a"]),
    ],
)
def test_values(signature: str, data: bytes, expected: Any) -> None:
    assert list(decode(signature, data)) == [expected]


@pytest.mark.parametrize(
    ("signature", "parts"),
    [("a{sv}(ss)u", ["a{sv}", "(ss)", "u"]), ("", []), ("aas", ["aas"]), ("a(s(ii))", ["a(s(ii))"])],
)
def test_signatures(signature: str, parts: list[str]) -> None:
    assert split_signature(signature) == parts


@pytest.mark.parametrize("signature", ["(", "a", "z", "(s", "}", "a{s", "(" * 40 + ")" * 40])
def test_impossible_signatures(signature: str) -> None:
    with pytest.raises(ValueError):
        split_signature(signature)


@pytest.mark.parametrize(("signature", "values"), [("s", []), ("t", ["x"]), ("ss", ["a"])])
def test_what_cannot_be_written(signature: str, values: list[Any]) -> None:
    with pytest.raises(ValueError):
        encode(signature, values)


@pytest.fixture
def bus(tmp_path: Path) -> Iterator[tuple[Bus, subprocess.Popen[bytes]]]:
    program = shutil.which("dbus-daemon")
    assert program, "the package dbus is missing"
    path = tmp_path / "bus"
    (tmp_path / "bus.conf").write_text(CONFIG.format(path=path))
    command = [program, f"--config-file={tmp_path / 'bus.conf'}", "--nofork", "--nopidfile", "--print-address"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as daemon:
        assert daemon.stdout is not None
        assert daemon.stdout.readline()
        yield Bus([str(tmp_path / "nothing"), str(path)]), daemon
        daemon.kill()


def test_a_real_bus(bus: tuple[Bus, subprocess.Popen[bytes]]) -> None:
    connection = bus[0]
    (names,) = connection.call(*DBUS, "ListNames")
    assert "org.freedesktop.DBus" in names
    (properties,) = connection.call(*DBUS[:2], "org.freedesktop.DBus.Properties", "GetAll", "s", [DBUS[0]])
    assert isinstance(properties["Features"], list)
    for _again in range(3):
        assert connection.call(*DBUS, "NameHasOwner", "s", ["org.example"]) == (False,)
    with pytest.raises(BusError) as refused:
        connection.call(*DBUS, "GetNameOwner", "s", ["org.example"])
    assert refused.value.name == "org.freedesktop.DBus.Error.NameHasNoOwner"
    assert connection.call(*DBUS, "NameHasOwner", "s", ["org.freedesktop.DBus"]) == (True,)
    connection.close()
    assert connection.call(*DBUS, "ListNames")


def test_a_service_is_not_started_by_a_look(bus: tuple[Bus, subprocess.Popen[bytes]]) -> None:
    with pytest.raises(BusError) as refused:
        bus[0].call("org.example", "/", "org.example", "Look")
    assert refused.value.name == "org.freedesktop.DBus.Error.NameHasNoOwner", "not an attempt to activate it"


def test_a_bus_that_goes_away(bus: tuple[Bus, subprocess.Popen[bytes]]) -> None:
    connection, daemon = bus
    connection.call(*DBUS, "ListNames")
    daemon.kill()
    daemon.wait()
    for _again in range(2):
        with pytest.raises(BusError, match="message bus") as gone:
            connection.call(*DBUS, "ListNames")
    assert gone.value.name == NO_SERVER, "its socket is left, and nobody listens"


def _name_of_error(*paths: Path) -> str:
    with pytest.raises(BusError, match="message bus") as missing:
        Bus([str(path) for path in paths]).call(*DBUS, "ListNames", timeout=0.5)
    return missing.value.name


def test_no_bus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only where nobody at all can listen, nobody else has to be asked whether somebody does."""
    monkeypatch.delenv("DBUS_SYSTEM_BUS_ADDRESS", raising=False)
    nothing = tmp_path / "nothing"
    assert _name_of_error(nothing, nothing) == NO_SERVER
    no_folder = tmp_path / "file" / "bus"
    no_folder.parent.touch()
    assert _name_of_error(no_folder) == "", "the folder cannot be looked into"
    with socket.socket(socket.AF_UNIX) as listener:
        silent = tmp_path / "silent"
        listener.bind(str(silent))
        listener.listen()
        assert _name_of_error(silent, nothing) == "", "somebody listens at one of them"
        assert _name_of_error(nothing, silent) == ""
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", f"unix:path={tmp_path}/elsewhere")
    assert _name_of_error(nothing) == "", "the site has it elsewhere"


@pytest.mark.parametrize(
    ("answers", "name"),
    [
        ([b"REJECTED EXTERNAL\r\n"], ""),
        ([b"x" * 5000], ""),
        ([b"OK 00\r\n", b"\0" * 16], ""),
        ([b"OK 00\r\n", b"l\2\0\1" + struct.pack("<III", 0xFFFFFFFF, 1, 0xFFFFFFFF)], ""),
        ([b"OK 00\r\n"], ""),
        ([], ""),
    ],
)
def test_somebody_else_at_the_socket(tmp_path: Path, answers: list[bytes], name: str) -> None:
    """Also one that says nothing at all."""
    path = tmp_path / "bus"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()

        def serve() -> None:
            client = listener.accept()[0]
            client.recv(100)
            for answer in answers:
                client.sendall(answer)
            done.wait(5)
            client.close()

        done = threading.Event()
        thread = threading.Thread(target=serve)
        thread.start()
        with pytest.raises(BusError) as error:
            Bus([str(path)]).call(*DBUS, "ListNames", timeout=0.5)
        done.set()
        thread.join()
    assert error.value.name == name


def test_one_that_was_asked_and_does_not_answer(bus: tuple[Bus, subprocess.Popen[bytes]]) -> None:
    sleeper = Bus(bus[0]._paths)
    (own,) = sleeper.call(*DBUS, "GetId")
    assert own
    (names,) = sleeper.call(*DBUS, "ListNames")
    (unique,) = [one for one in names if one.startswith(":")]
    with pytest.raises(BusError, match="no answer after") as silent:
        bus[0].call(unique, "/", "org.example", "Wait", timeout=0.3)
    assert silent.value.name == dbus.NO_REPLY
