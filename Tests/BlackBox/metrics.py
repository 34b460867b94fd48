# SPDX-License-Identifier: Apache-2.0
# Part of gohub.
"""Reads an exposition with Prometheus's own parser."""

from prometheus_client.parser import text_string_to_metric_families


class Metrics:
    """One scrape."""

    def __init__(self, text):
        self.text = text
        self.families = {}
        for family in text_string_to_metric_families(text):
            assert family.name not in self.families, f"{family.name} stands in two blocks"
            self.families[family.name] = family
        self.samples = [sample for family in self.families.values() for sample in family.samples]

    def value(self, name, **labels):
        """The sum of the samples with this name and at least these labels; there has to be one."""
        values = [
            sample.value
            for sample in self.samples
            if sample.name == name and labels.items() <= sample.labels.items()
        ]
        assert values, f"no sample {name} {labels}"
        return sum(values)

    def assert_conservation(self):
        """What was enqueued was written, was dropped, or is still queued: to the last message."""
        enqueued = self.value("gohub_deliveries_total")
        written = self.value("gohub_deliveries_written_total")
        dropped = self.value("gohub_deliveries_dropped_total")
        queued = self.value("gohub_outbound_queue_messages")
        residual = self.value("gohub_deliveries_residual")
        assert residual == 0, f"gohub_deliveries_residual is {residual}"
        assert enqueued == written + dropped + queued, f"{enqueued=} {written=} {dropped=} {queued=}"
