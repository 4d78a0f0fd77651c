# Copyright (c) 2026 the jsa.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs the tests in tiers, and adds up what passed, failed and was skipped.

A step is one command, a stage its steps, a tier the stages that a make target runs. A step that writes JUnit reports
counts as the tests in them, any other as one test. Nothing stops the rest: not a failure, not a step that never ends.
What a step leaves running is a failure too.
"""
