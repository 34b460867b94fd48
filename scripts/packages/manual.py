#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""Writes gohub.1 and gohub-config.5 from what the program tells of itself.

Exit codes come from their table in docs/operations.md.

    scripts/packages/manual.py PROGRAM DATE FOLDER
"""

import pathlib
import re
import sys

import roff
import told as program

ROOT = pathlib.Path(__file__).resolve().parents[2]
CONFIGURATION = "gohub-config"


def exit_codes():
    """(code, meaning) of each row of the table in docs/operations.md."""
    text = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    table = re.search(r"^\| exit code \| meaning \|\n\|[-|]+\|\n((?:\|.*\n)+)", text, re.MULTILINE)
    rows = [line.strip("| ").split(" | ", 1) for line in table.group(1).splitlines()]
    return [(code, meaning) for code, meaning in rows]


def overview(told, date):
    """gohub(1): the commands with their flags; those of keys are in gohub-config(5)."""
    page = roff.Page("gohub", 1, date, told["version"], lower(told["purpose"]))
    page.section("Synopsis")
    page.paragraph("`gohub` [COMMAND] [flags]")
    page.section("Description")
    page.paragraph(told["purpose"] + " Without a command it serves.")
    page.paragraph("Flags are `--name value` or `--name=value`; what stands behind `--` is no flag.")
    page.section("Commands")
    keys = program.key_flags(told)
    for command in told["commands"]:
        page.part(f"gohub {command['name']} {command['synopsis']}".rstrip())
        page.paragraph(command["summary"])
        for flag in command["flags"]:
            if flag["name"] not in keys:
                page.item(f"--{flag['name']} {flag['value'] or ''}".rstrip(), flag["purpose"])
        if keys & {flag["name"] for flag in command["flags"]}:
            page.item("--section-key value", f"Each key of {CONFIGURATION}(5): `--server-addr` is server.addr.")
        notes = re.sub(r"\s*exit codes: .*", "", command["notes"], flags=re.DOTALL)
        if notes:
            page.paragraph(notes)
    page.section("Examples")
    page.paragraph("Serves with more in the log, sees what is published to a topic, and publishes there:")
    page.example("gohub --log-level debug\ngohub sub news\ngohub pub news '{\"headline\":\"it works\"}'")
    page.section("Exit status")
    for code, meaning in exit_codes():
        page.item(code, meaning)
    page.section("Environment")
    page.item("GOHUB_CONFIG", "The configuration file, where the command line names none.")
    page.item("GOHUB_SECTION_KEY", f"Each key of {CONFIGURATION}(5): `GOHUB_SERVER_ADDR` is server.addr.")
    page.section("Files")
    page.item("/etc/gohub/config.yaml", "What the service gohub.service serves.")
    page.item("/etc/default/gohub", "The environment of that service.")
    page.section("See also")
    page.paragraph(f"`{CONFIGURATION}`(5), `systemctl`(1), `journalctl`(1)")
    return page.text()


def configuration(told, date):
    """gohub-config(5): every key by section."""
    page = roff.Page(CONFIGURATION, 5, date, told["version"], "the configuration of gohub")
    page.section("Description")
    page.paragraph(
        "A YAML file of sections, lists and values. A flag wins over an environment variable, that over the file, the "
        "file over the default: server.addr is also `--server-addr` and `GOHUB_SERVER_ADDR`. Lists are separated by "
        "commas there. All is read once, at the start; `gohub check FILE` says what is wrong with a file."
    )
    page.paragraph(
        "Durations are whole numbers with ms, s, m or h (1500ms, 25s, 1h30m), sizes are bytes or whole numbers with B, "
        "KiB, MiB or GiB; digits of whole numbers may be separated by _."
    )
    page.section("Example")
    page.example('server:\n  addr: ":8080"\n  admin_addr: "127.0.0.1:9091"\nlog:\n  level: debug')
    page.section("Keys")
    for section in told["sections"]:
        page.part(section["path"])
        page.paragraph(section["purpose"])
        for key in section["keys"]:
            page.item(
                f"{key['path']} {key['type']}", key["purpose"], f"Allowed: {key['allowed']}. Default: {key['default']}"
            )
    page.section("See also")
    page.paragraph("`gohub`(1)")
    return page.text()


def lower(text):
    """A sentence as the description in a list of pages."""
    return text[0].lower() + text[1:].rstrip(".")


def main(binary, date, folder):
    told = program.ask(binary)
    pages = {"gohub.1": overview(told, date), f"{CONFIGURATION}.5": configuration(told, date)}
    for name, text in pages.items():
        (pathlib.Path(folder) / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
