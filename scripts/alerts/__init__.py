# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""Tests of the alert rules: their cases, their mutants, and what belongs to each alert."""
