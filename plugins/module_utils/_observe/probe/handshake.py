# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a temporary listener says, and what it is asked. Runs on Python 3.6, imports the standard library only.

The listener says who it is and as whom it sees the one who asks::

    jsa.ports TOKEN HOST seen as ADDRESS PORT

The token is that of one run, so that no other machine, and no earlier run, can have said it.
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
#: What the first four bytes of a question are, for whoever looks at packets.
QUESTION_START = QUESTION[:4]

LONGEST = QUESTION_BYTES
_LONGEST_HOST = 255

_TOKEN = re.compile(r"^[A-Za-z0-9_-]{16,64}$")
_LINE = re.compile(rb"^jsa\.ports ([A-Za-z0-9_-]{16,64}) ([!-~]{1,255}) seen as ([0-9A-Fa-f:.]{2,45}) ([0-9]{1,5})\n$")


class Answer(NamedTuple):
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
    """The line that a temporary listener answers with, as bytes."""
    return _MARK + (
        "%s %s seen as %s %d\n"
        % (answer.token, quote(answer.host, safe=""), answer.address.partition("%")[0], answer.port)
    ).encode("ascii")


def read_answer(data):  # type: (bytes) -> Optional[Answer]
    """None where *data* is anything else."""
    match = _LINE.match(data)
    if not match:
        return None
    token, host, address, port = (part.decode("ascii") for part in match.groups())
    return Answer(token, unquote(host), address, int(port))


def deserves(question, answer):  # type: (bytes, bytes) -> bool
    """Whether *question* is ours, and long enough to be answered."""
    return question.startswith(_ASKED) and len(question) >= len(answer)
