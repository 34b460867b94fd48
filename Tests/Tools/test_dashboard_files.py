# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""The generator says which files are not what it writes."""

import json

import pytest

from dashboards import __main__ as generator


@pytest.fixture
def written(tmp_path):
    for name, text in generator.texts().items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def test_what_was_written_has_no_differences(written):
    assert generator.differences(written) == []


def test_a_changed_file_is_shown(written):
    file = written / "gohub-bus.json"
    file.write_text(file.read_text(encoding="utf-8").replace('"refresh": "30s"', '"refresh": "5s"'), encoding="utf-8")
    (difference,) = generator.differences(written)
    assert '-  "refresh": "5s",\n+  "refresh": "30s",\n' in difference


def test_a_missing_file_is_told(written):
    (written / "gohub-node.json").unlink()
    (difference,) = generator.differences(written)
    assert "gohub-node.json" in difference


def test_a_file_of_no_board_is_told(written):
    (written / "gohub-old.json").write_text("{}", encoding="utf-8")
    assert generator.differences(written) == ["gohub-old.json: no board is called so; remove the file\n"]


def test_the_boards_have_the_agreed_names():
    titles = {board["uid"]: board["title"] for board in map(json.loads, generator.texts().values())}
    assert titles == {
        "gohub-overview": "gohub / Is gohub sick?",
        "gohub-delivery": "gohub / Delivery and slow clients",
        "gohub-bus": "gohub / Bus",
        "gohub-node": "gohub / Clients and node",
    }
