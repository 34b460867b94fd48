# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""Fixtures of the black-box tests."""

import os
import pathlib

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def binary():
    """The program under test: $GOHUB_BINARY, or the debug build."""
    path = pathlib.Path(os.environ.get("GOHUB_BINARY", ROOT / ".build" / "debug" / "gohub"))
    assert path.exists(), f"{path} is not there: run scripts/build debug"
    return path
