# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""Every metric that dashboards, alerts and documents name is in the catalogue; so is every label and value of a query.

Argument: the program, or a file of JSON that it printed. Prints what is wrong, by file and line, and a verdict of each
group.
"""

import pathlib
import sys

from names import catalogue, promql, sources

ROOT = pathlib.Path(__file__).resolve().parents[2]
RULES = "alerts/gohub.rules.yml"

# (file, word) of what is not in the catalogue all the same.
EXCEPTIONS = frozenset(
    {
        ("configs/nginx.conf", "gohub_address"),  # a zone of nginx
        # Families of programs that embed the server: of paths that take bodies, and of labels with open values.
        ("docs/operations.md", "gohub_http_bodies_refused_total"),
        ("docs/operations.md", "gohub_http_body_bytes"),
        ("docs/registry.md", "gohub_metrics_overflow_total"),
    }
)

# group: (patterns of its files, what finds the queries in them)
GROUPS = {
    "dashboards": (["dashboards/*.json"], sources.dashboard_queries),
    "alerts": (["alerts/*.yml"], sources.rule_queries),
    "docs": (["README.md", "docs/**/*.md", "configs/*"], sources.document_queries),
}


class Judge:
    """Compares files with a catalogue and with what the rules bring about."""

    def __init__(self, families, rules):
        self.families = families
        self.recorded = rules.recorded
        # Series that no family has, with the labels that may be asked for.
        self.others = {
            **dict.fromkeys(["up", *rules.recorded], catalogue.TARGET_LABELS),
            "ALERTS": catalogue.TARGET_LABELS | rules.alert_labels,
        }

    def faults(self, file, text, queries):
        """(line, sentence) of all that is wrong in one file."""
        exceptions = {word for place, word in EXCEPTIONS if place == file}
        found = set()
        for name, open_end, line in sources.names(text):
            known = self.families.has_prefix(name) if open_end else self.families.of_text(name)
            if not known and name not in exceptions and not self._is_objective(name):
                found.add((line, f"{name} is not in the catalogue"))
        for name, line in sources.recorded(text):
            if not any(record.startswith(name) for record in self.recorded):
                found.add((line, f"{name} is recorded by no rule"))
        for expression in queries(text):
            found.update(self._query_faults(expression, exceptions))
        return sorted(found)

    def _query_faults(self, expression, exceptions):
        try:
            query = promql.parse(expression.text)
        except promql.PromQLError as error:
            yield expression.line, str(error)
            return
        labels = set(catalogue.TARGET_LABELS)
        complete = True
        for selector in query.selectors:
            line = expression.line_at(selector.position)
            family = self.families.of_series(selector.name)
            known = self.others.get(selector.name)
            if family:
                labels.update(family.values, {"le"} if selector.name.endswith("_bucket") else ())
                yield from ((line, fault) for fault in family.faults(selector.name, selector.matchers))
            elif known:
                labels |= known
                yield from (
                    (line, f"{selector.name} has no label {label}")
                    for label, _, _ in selector.matchers
                    if label not in known
                )
            else:
                complete = False
                if not self._told(selector.name) and selector.name not in exceptions:
                    yield line, f"there is no series {selector.name or '{…}'}"
        if complete:
            yield from (
                (expression.line_at(position), f"nothing in this query has a label {label}")
                for label, position in query.labels
                if label not in labels
            )

    def _is_objective(self, name):
        """Whether it is the middle of recorded series, which names what they are about."""
        return any(f":{name}:" in record for record in self.recorded)

    def _told(self, name):
        """Whether a name that no series has is told of already, as a word of the text."""
        return bool(
            sources.RECORDED.fullmatch(name) or sources.NAME.fullmatch(name) and not self.families.of_text(name)
        )


def judge(root, families):
    """group: (number of files, ["file:line: what is wrong"])"""
    comparison = Judge(families, sources.Rules.read(root / RULES))
    verdicts = {}
    for group, (patterns, queries) in GROUPS.items():
        files = sorted({path for pattern in patterns for path in root.glob(pattern) if path.is_file()})
        verdicts[group] = len(files), [
            f"{path.relative_to(root)}:{line}: {fault}"
            for path in files
            for line, fault in comparison.faults(str(path.relative_to(root)), path.read_text(encoding="utf-8"), queries)
        ]
    return verdicts


def main(arguments):
    """The verdicts on this repository; a group without files fails too."""
    failed = False
    for group, (files, faults) in judge(ROOT, catalogue.load(arguments[0])).items():
        for fault in faults:
            print(fault, file=sys.stderr)
        good = files > 0 and not faults
        failed = failed or not good
        print(f"names: {group} {'passed' if good else 'FAILED'}: {files} files, {len(faults)} faults", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
