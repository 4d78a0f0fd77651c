# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""JSA releases, in order.

Until 2014 Juniper numbered them by year (2014.6), from 7.3 on as IBM does, with numbered update packages and interim
fixes on top (7.5.0 UP8 IF03).
"""

from __future__ import annotations

import re

from functools import lru_cache
from typing import NamedTuple

_FORMS = 'expected for example "2014.6", "7.3.3", "7.5.0 UP6" or "7.5.0 Update Package 8 Interim Fix 3"'

_BY_YEAR = re.compile(r"(?P<year>20[0-9]{2})\.(?P<number>[0-9]{1,2})(?:\.?\s*r(?P<revision>[0-9]{1,2}))?")

# Before 7.5.0 the update packages were called fix packs, and before that patches.
_BY_VERSION = re.compile(
    r"(?P<major>[0-9]{1,2})\.(?P<minor>[0-9]{1,2})(?:\.(?P<micro>[0-9]{1,2}))?"
    r"(?:\s*(?:up|update\s*package|fp|fix\s*pack|p|patch)\s*(?P<package>[0-9]{1,3}))?"
    r"(?:\s*(?:if|interim\s*fix)\s*(?P<fix>[0-9]{1,3}))?"
)

_LAST_YEAR = 2014


class Release(NamedTuple):
    """Compares as the releases followed one another."""

    #: 0 for those numbered by year, 1 for those since 7.3, 2 for the newest, whatever its number.
    era: int
    major: int = 0
    minor: int = 0
    micro: int = 0
    package: int = 0
    fix: int = 0


#: The release that the documents describe: what is meant where nobody names one.
NEWEST = Release(2)


def parse_release(text: object) -> Release:
    """The release that *text* names; None is the newest. Raises ValueError with a sentence that says what is wrong."""
    if text is None:
        return NEWEST
    if not isinstance(text, str):
        # YAML reads 2014.10 as the number 2014.1, which is another release.
        raise ValueError("%r is not a release: put it in quotes; %s" % (text, _FORMS))
    return _parse_text(text)


@lru_cache(maxsize=256)
def _parse_text(text: str) -> Release:
    """The conditions of the catalog name a handful of releases, and a plan looks at them for each host."""
    plain = re.sub(r"^(?:jsa|qradar)\s*", "", text.strip().lower())
    match = _BY_YEAR.fullmatch(plain)
    if match:
        year, number, revision = (int(part or 0) for part in match.group("year", "number", "revision"))
        if year > _LAST_YEAR:
            raise ValueError("%r is not a release: they are numbered by year until %d; %s" % (text, _LAST_YEAR, _FORMS))
        return Release(0, year, number, revision)
    match = _BY_VERSION.fullmatch(plain)
    if match:
        parts = match.group("major", "minor", "micro", "package", "fix")
        release = Release(1, *(int(part or 0) for part in parts))
        if release < Release(1, 7, 3):
            raise ValueError("%r is not a release: before 7.3 they are numbered by year; %s" % (text, _FORMS))
        return release
    raise ValueError("%r is not a release: %s" % (text, _FORMS))


def applies(release: Release, release_from: str | None, release_before: str | None) -> bool:
    """Whether *release* lies within the bounds of a condition; a bound of None does not bound."""
    if release_from is not None and release < parse_release(release_from):
        return False
    return release_before is None or release < parse_release(release_before)
