# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The messages between a probe and a temporary listener. Runs on Python 3.6, with the standard library only.

The listener sends its identity, and the address and port that it sees the probe from::

    jsa.ports TOKEN HOST seen as ADDRESS PORT

The token belongs to one run, so another machine or an earlier run cannot send it.
"""

import re

from typing import NamedTuple, Optional
from urllib.parse import quote, unquote

_MARK = b"jsa.ports "
_ASKED = _MARK + b"who are you\n"
#: A datagram is padded to this, so that no answer is longer than its question: nobody's address that is forged into a
#: question gets more than the forger has sent.
QUESTION_BYTES = 512
QUESTION = _ASKED.ljust(QUESTION_BYTES, b"\0")
#: The first four bytes of a request, for the filter of packets.
QUESTION_START = QUESTION[:4]

LONGEST = QUESTION_BYTES
_LONGEST_HOST = 255

_TOKEN = re.compile(r"^[A-Za-z0-9_-]{16,64}$")
_LINE = re.compile(rb"^jsa\.ports ([A-Za-z0-9_-]{16,64}) ([!-~]{1,255}) seen as ([0-9A-Fa-f:.]{2,45}) ([0-9]{1,5})\n$")


class Answer(NamedTuple):
    """The content of a temporary listener's line."""

    token: str
    host: str
    #: The address and port that the listener sees.
    address: str
    port: int


def check_token(text):  # type: (object) -> str
    """Raises ValueError."""
    if not isinstance(text, str) or not _TOKEN.match(text):
        raise ValueError("%r is not valid: expected 16 to 64 letters, digits, _ or -" % (text,))
    return text


def check_host(text):  # type: (object) -> str
    """Raises ValueError."""
    if not isinstance(text, str) or not 1 <= len(quote(text, safe="")) <= _LONGEST_HOST:
        raise ValueError("%r is not a host name" % (text,))
    return text


def write_answer(answer):  # type: (Answer) -> bytes
    """The line that a temporary listener sends."""
    return _MARK + (
        "%s %s seen as %s %d\n"
        % (answer.token, quote(answer.host, safe=""), answer.address.partition("%")[0], answer.port)
    ).encode("ascii")


def read_answer(data):  # type: (bytes) -> Optional[Answer]
    """The answer in *data*, None if it is not the line of a temporary listener."""
    match = _LINE.match(data)
    if not match:
        return None
    token, host, address, port = (part.decode("ascii") for part in match.groups())
    return Answer(token, unquote(host), address, int(port))


def deserves(question, answer):  # type: (bytes, bytes) -> bool
    """Whether *question* is a request of ours, and not shorter than its *answer*."""
    return question.startswith(_ASKED) and len(question) >= len(answer)
