# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Contacts all targets at the same time, and always ends by the deadline. Runs on Python 3.6."""

import ssl
import threading
import time

from typing import Any, Callable, Dict, List, Optional

from ansible_collections.jsa.ports.plugins.module_utils._observe.client import Deadline
from ansible_collections.jsa.ports.plugins.module_utils._observe.outward import dns, nfs, ntp, smtp, tls
from ansible_collections.jsa.ports.plugins.module_utils._observe.outward.model import (
    NAME_NOT_RESOLVED,
    OK,
    FailedError,
    Proxy,
    Target,
)
from ansible_collections.jsa.ports.plugins.module_utils._observe.outward.peers import at_first, resolve
from ansible_collections.jsa.ports.plugins.module_utils._observe.wire.model import NO_ANSWER, UNAVAILABLE

#: Seconds after the deadline until a target that is not done yet is given up.
_GRACE = 1.0

_CHECKS = {
    "smtp": smtp.check,
    "ntp": ntp.check,
    "nfs": nfs.check_nfs,
    "mountd": nfs.check_mountd,
}  # type: Dict[str, Callable[[str, int, Deadline], Dict[str, Any]]]


class _Job(object):
    """One target."""

    def __init__(self, target, proxy, context, timeout):
        # type: (Target, Optional[Proxy], ssl.SSLContext, float) -> None
        self._target = target
        self._proxy = proxy
        self._context = context
        self._timeout = timeout
        self._resolving = False
        self._started = time.monotonic()
        self._outcome = None  # type: Optional[Dict[str, Any]]
        # A resolver that hangs must not keep the module from ending.
        self.thread = threading.Thread(target=self._run, daemon=True)

    def _run(self):  # type: () -> None
        try:
            outcome = {"result": OK, "reason": "", "details": self._check(Deadline(self._timeout))}
        except FailedError as error:
            outcome = {"result": error.result, "reason": error.reason, "details": error.details}
        except Exception as error:  # one target must not take the others along
            outcome = {"result": UNAVAILABLE, "reason": "internal error of the check: %r" % error, "details": {}}
        outcome["elapsed_ms"] = round(1000.0 * (time.monotonic() - self._started), 3)
        self._outcome = outcome

    def _check(self, deadline):  # type: (Deadline) -> Dict[str, Any]
        target = self._target
        if target.kind == "tls" and self._proxy:
            # A proxy looks the name up itself.
            return tls.check(target, self._proxy, self._context, deadline)
        self._resolving = True
        addresses = resolve(target.host)
        self._resolving = False
        if target.kind == "tls":
            return tls.check(target, addresses, self._context, deadline)
        if target.kind == "dns":
            return at_first(
                addresses, deadline, lambda address, share: dns.check(address, target.port, str(target.name), share)
            )
        return at_first(addresses, deadline, lambda address, share: _CHECKS[target.kind](address, target.port, share))

    def describe(self):  # type: () -> Dict[str, Any]
        """The result as the module returns it."""
        outcome = self._outcome
        if outcome is None:
            what = NAME_NOT_RESOLVED if self._resolving else NO_ANSWER
            reason = "no name server answered in time" if self._resolving else "the check did not complete in time"
            outcome = {
                "result": what,
                "reason": reason,
                "details": {},
                "elapsed_ms": round(1000.0 * (time.monotonic() - self._started), 3),
            }
        result = dict(self._target.given)
        result.update(outcome, port=self._target.port, target=self._target.text)
        return result


def run(targets, proxy, context, timeout):
    # type: (List[Target], Optional[Proxy], ssl.SSLContext, float) -> List[Dict[str, Any]]
    """The results of *targets*, in their order."""
    jobs = [_Job(target, proxy, context, timeout) for target in targets]
    for job in jobs:
        job.thread.start()
    end = time.monotonic() + timeout + _GRACE
    for job in jobs:
        job.thread.join(max(0.0, end - time.monotonic()))
    return [job.describe() for job in jobs]
