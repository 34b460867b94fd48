// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// The Prometheus registry: what the node counts, and the page that shows it.
///
/// ```
/// Registry ── register ──→ FamilyEntry: description (catalogue), header lines, SeriesBlock
///     │                                                                      │ memory, pre-rendered label bytes
///     │        Counter / Gauge / Histogram / StateSet: pointers into it ─────┘
///     │
///     └─ render(format, into: buffer) → onScrape hooks publish → each block writes its samples
/// ```
///
/// - ``Counter``, ``Gauge``, ``Histogram``, ``StateSet``: handles, updated from any thread without a lock.
/// - ``Family``: the handles of a family whose labels are enums. ``DynamicFamily``: of one whose label values come up.
/// - ``LocalHistogram``: for one loop, published by an `onScrape` hook.
/// - ``FamilyDescription``: a row of the catalogue.
///
/// docs/registry.md tells how it is built and why a page never contradicts itself.
enum HubMetricsOverview {}
