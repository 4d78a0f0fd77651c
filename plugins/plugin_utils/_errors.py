# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An error that lists all problems of an input."""

from __future__ import annotations

from collections.abc import Iterable


class InputError(ValueError):
    """What is wrong with an input: ``problems``, each a sentence that names the place and the remedy."""

    def __init__(self, subject: str, problems: Iterable[str]) -> None:
        self.subject = subject
        self.problems = list(problems)
        super().__init__(f"{subject}:\n" + "\n".join(f"- {problem}" for problem in self.problems))
