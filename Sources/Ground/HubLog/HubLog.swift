// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// Structured logging: one line a record, which no client can forge, from callers that no reader of the log can stall.
///
/// ```
/// logger.warning("write failed", [.init("client", id), .init("errno", code)])
///    │ 1. level check: one relaxed atomic load; the closures of a disabled level never run
///    ▼
/// LogRecord ──► LogEncoder (text or JSON) ──► LogSink: LogQueue ──► the thread "log": one write(2) a line ──► stderr
/// ```
///
/// - Messages and keys are constants; what varies goes into fields. No payloads and no secrets.
/// - Text is for a terminal, JSON lines for everything else; see ``LogFormat``.
/// - Whatever came from outside is escaped: control characters, line and paragraph separators, bidirectional overrides.
/// - Records are counted by level (``Logger/eventCount(_:)``), lines that were dropped by the sink (``Logger/droppedLines``).
/// - Warnings that may repeat for every message go through a ``LogLimit``.
enum HubLogOverview {}
