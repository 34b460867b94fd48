# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""Whether each alert says what it should, and has a runbook that can be followed."""

import re

from alerts.rules import ROOT, RUNBOOK_URL, RUNBOOKS

SECTIONS = ["## What it means", "## What users feel", "## Confirm", "## What to do"]
LAST = "## Afterwards"
BUSES = {"NATS", "REDIS"}
VARIABLES = BUSES | {"NODE", "PROMETHEUS"}
INDEX = RUNBOOKS / "README.md"


def faults_of_texts(rules):
    """What is wrong with the labels and annotations of the alerts."""
    for rule in rules.alerts.values():
        summary, description = rule.annotations["summary"], rule.annotations["description"]
        if rule.labels.get("severity") not in ("critical", "warning", "info"):
            yield f"{rule.key}: its severity is not critical, warning or info"
        if not re.fullmatch(r"[A-Z][^{}]*\.", summary):
            yield f"{rule.key}: its summary is no constant sentence: {summary}"
        if "{{" not in description or not description.endswith("."):
            yield f"{rule.key}: its description is no sentence with a template"
        if rule.annotations["runbook_url"] != RUNBOOK_URL.format(rule.name):
            yield f"{rule.key}: its runbook_url is not {RUNBOOK_URL.format(rule.name)}"


def faults_of_pages(rules):
    """What is wrong with the runbooks and their index."""
    pages = {page.stem for page in RUNBOOKS.glob("*.md")} - {INDEX.stem}
    for name in sorted(set(rules.alert_names) - pages):
        yield f"{name} has no docs/runbooks/{name}.md"
    for name in sorted(pages - set(rules.alert_names)):
        yield f"docs/runbooks/{name}.md belongs to no alert"
    rows = dict(
        re.findall(r"^\| \[(\w+)\]\(\1\.md\) \| ([a-z, ]+) \|", INDEX.read_text(encoding="utf-8"), re.MULTILINE)
    )
    for name in rules.alert_names:
        severities = dict.fromkeys(rule.labels["severity"] for rule in rules.alerts.values() if rule.name == name)
        if rows.pop(name, None) != ", ".join(severities):
            yield f"docs/runbooks/README.md has no row of {name} with {', '.join(severities)}"
    for name in rows:
        yield f"docs/runbooks/README.md lists {name}, which is no alert"
    for page in sorted(RUNBOOKS.glob("*.md")):
        for fault in faults_of_page(page):
            yield f"docs/runbooks/{page.name}: {fault}"


def faults_of_page(page):
    """What is wrong with one page, as far as it can be told without the others."""
    text = page.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#]+)", text):
        if not target.startswith("http") and not (page.parent / target).exists():
            yield f"there is no {target}"
    if page == INDEX:
        return
    if f"\n# {page.stem}\n" not in text:
        yield "its title is not the alert's name"
    sections = re.findall(r"^## .*", text, re.MULTILINE)
    if sections not in (SECTIONS, [*SECTIONS, LAST]):
        yield f"its sections are not {', '.join(SECTIONS)} and perhaps {LAST}"
        return
    for title, body in zip(sections, re.split(r"^## .*", text, flags=re.MULTILINE)[1:]):
        if not body.strip():
            yield f"nothing stands under {title}"
    commands = confirm_commands(page)
    if not commands:
        yield "Confirm has no ```sh block"
    if not all(re.search(r"^\s*[^#\s]", block, re.MULTILINE) for block in commands):
        yield "a ```sh block under Confirm has no command"
    if text.count("```sh\n") != len(commands):
        yield "only Confirm may have ```sh blocks, which are run on a live fault"
    for name in _variables("\n".join(commands)) - VARIABLES:
        yield f"${name} is not one of the index's variables"
    for words in re.findall(r"grep '([^']+)'$", text, re.MULTILINE):
        if not _is_logged(words):
            yield f"the program logs no line with {words!r}"


def confirm_commands(page):
    """The ```sh blocks under Confirm."""
    confirm = page.read_text(encoding="utf-8").partition(SECTIONS[2])[2].partition(SECTIONS[3])[0]
    return re.findall(r"```sh\n(.*?)```", confirm, re.DOTALL)


def confirm_lines(page, buses=BUSES):
    """The commands under Confirm, each of which is one line and stands by itself, without those that ask another bus."""
    lines = "".join(confirm_commands(page)).splitlines()
    commands = [line for line in lines if line.strip() and not line.lstrip().startswith("#")]
    return [line for line in commands if not _variables(line) & (BUSES - buses)]


def _variables(commands):
    return set(re.findall(r"\$\{?([A-Za-z_]\w*)", commands))


def _is_logged(words):
    return any(words in file.read_text(encoding="utf-8") for file in (ROOT / "Sources").rglob("*.swift"))
