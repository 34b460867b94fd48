// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// Structured logging: one line a record, which no client can forge and no reader of the log can stall into a crash.
///
/// ```
/// logger.warning("write failed", [.init("client", id), .init("errno", code)])
///    │ 1. level check: one relaxed atomic load; the closures of a disabled level never run
///    ▼
/// LogRecord ──► LogEncoder (text or JSON) ──► LogSink: one write(2) a line ──► stderr
/// ```
///
/// - Messages and keys are constants; what varies goes into fields. No payloads and no secrets.
/// - Text is for a terminal, JSON lines for everything else; see ``LogFormat``.
/// - Whatever came from outside is escaped: control characters, line and paragraph separators, bidirectional overrides.
/// - Records are counted by level (``Logger/eventCount(_:)``), lines that could not be written are counted by the sink.
/// - Warnings that may repeat for every message go through a ``LogLimit``.
enum HubLogOverview {}
