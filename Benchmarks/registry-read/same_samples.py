#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""Two pages in the text format hold the same samples, says the parser of Prometheus's Python client.

    same_samples.py ONE OTHER

The order makes no difference, nor how a number is written (le="1.0" and le="1"). Sums may differ in their last digits:
they were added up in different orders.
"""

import math
import sys

from prometheus_client.parser import text_string_to_metric_families


def samples(path):
    """(type of each family, value of each series) of a page."""
    types, values = {}, {}
    with open(path, encoding="utf-8", newline="") as file:
        for family in text_string_to_metric_families(file.read()):
            if family.name in types:
                sys.exit(f"{path}: the family {family.name} comes twice")
            types[family.name] = family.type
            for sample in family.samples:
                labels = dict(sample.labels)
                if "le" in labels:
                    labels["le"] = float(labels["le"])
                series = (sample.name, tuple(sorted(labels.items())))
                if series in values:
                    sys.exit(f"{path}: the series {series} comes twice")
                values[series] = sample.value
    return types, values


def same(series, one, other):
    if series[0].endswith("_sum"):
        return math.isclose(one, other, rel_tol=1e-9)
    return one == other or (math.isnan(one) and math.isnan(other))


def main(one, other):
    (types, values), (other_types, other_values) = samples(one), samples(other)
    faults = [f"the family {name} is {types.get(name)} in one and {other_types.get(name)} in the other"
              for name in sorted(types.keys() | other_types.keys()) if types.get(name) != other_types.get(name)]
    for series in sorted(values.keys() | other_values.keys(), key=str):
        if series not in values or series not in other_values:
            faults.append(f"only one page has {series}")
        elif not same(series, values[series], other_values[series]):
            faults.append(f"{series} is {values[series]} in one and {other_values[series]} in the other")
    if faults:
        sys.exit("\n".join(faults[:20] + [f"{len(faults)} differences"]))
    print(f"both pages hold the same {len(values)} samples of {len(types)} families")


main(*sys.argv[1:])
