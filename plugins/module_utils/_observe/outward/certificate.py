# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads subject, issuer, and expiry of a certificate in DER. Runs on Python 3.6.

The standard library decodes only certificates that it has verified, and a report is needed for the others.
"""

from typing import Any, Dict, List, Tuple

_SEQUENCE, _SET, _OID, _UTC_TIME, _VERSION = 0x30, 0x31, 0x06, 0x17, 0xA0
_BMP_STRING = 0x1E

#: Object identifiers of the parts of a name, in DER.
_PARTS = {
    b"\x55\x04\x03": "CN",
    b"\x55\x04\x06": "C",
    b"\x55\x04\x07": "L",
    b"\x55\x04\x08": "ST",
    b"\x55\x04\x0a": "O",
    b"\x55\x04\x0b": "OU",
}


class CertificateError(ValueError):
    """The data is not a certificate in DER."""


def describe(der):  # type: (bytes) -> Dict[str, Any]
    """Subject, issuer, and the time of expiry in UTC. Raises CertificateError."""
    try:
        (certificate,) = _items(der)
        fields = _items(_items(certificate[1])[0][1])
        if fields[0][0] == _VERSION:
            del fields[0]
        _serial, _algorithm, issuer, validity, subject = fields[:5]
        return {
            "subject": _name(subject[1]),
            "issuer": _name(issuer[1]),
            "expires": _time(*_items(validity[1])[1]),
        }
    except (IndexError, ValueError) as error:
        raise CertificateError("it is not a certificate: %s" % error)


def _items(data):  # type: (bytes) -> List[Tuple[int, bytes]]
    """The tag and content of each item in *data*."""
    items = []
    at = 0
    while at < len(data):
        tag, length = data[at], data[at + 1]
        at += 2
        if length & 0x80:
            size = length & 0x7F
            if not 1 <= size <= 4 or at + size > len(data):
                raise ValueError("a length is invalid")
            length = int.from_bytes(data[at : at + size], "big")
            at += size
        if at + length > len(data):
            raise ValueError("it ends in the middle")
        items.append((tag, data[at : at + length]))
        at += length
    return items


def _name(data):  # type: (bytes) -> str
    parts = []
    for _tag, group in _items(data):
        for _set_tag, pair in _items(group):
            (_oid_tag, oid), (tag, value) = _items(pair)
            if oid in _PARTS:
                text = value.decode("utf-16-be" if tag == _BMP_STRING else "utf-8", "replace")
                parts.append("%s=%s" % (_PARTS[oid], text))
    return ", ".join(parts)


def _time(tag, value):  # type: (int, bytes) -> str
    text = value.decode("ascii", "replace")
    if tag == _UTC_TIME:
        # Two digits of a year stand for 1950 to 2049.
        text = ("20" if text[:2] < "50" else "19") + text
    if len(text) < 14 or not text[:14].isdigit():
        raise ValueError("a time is invalid")
    return "%s-%s-%sT%s:%s:%sZ" % (text[:4], text[4:6], text[6:8], text[8:10], text[10:12], text[12:14])
