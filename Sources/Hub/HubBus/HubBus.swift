// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// How nodes reach each other: one protocol, one decorator that measures every bus, and the bus of a node that stands alone.
///
/// ```
/// hub ── publish ──► InstrumentedBus ──► MessageBus: NoopBus
///  ▲                  │ counts, times, warns        │
///  └── receive ◄──────┴───────────── receive ◄──────┘ on the bus's own thread
/// ```
///
/// - ``MessageBus``: what a bus does. An adapter answers every publication once and never blocks the caller.
/// - ``BusError``: why it did not, in a closed set of codes.
/// - ``InstrumentedBus`` with ``BusMetrics``: the metrics that all buses share; an adapter holds none of them.
/// - ``NoopBus``: publishing succeeds and goes nowhere.
///
/// The suite that every bus has to pass is `BusContract` in HubTesting.
enum HubBusOverview {}
