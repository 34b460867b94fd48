// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// The bytes of the hub's protocols, without a socket, a clock or a thread: values that are fed and that answer.
///
/// ```
/// bytes ── HTTPRequestParser ─→ HTTPRequestHead ─→ WebSocketHandshake, OriginPolicy
///   └───── WebSocketReceiver ─→ WebSocketEvent ─┬→ ClientMessage ─→ TopicRequest, PublishRequest …
///                                               └→ BinaryPublish
/// HTTPResponse, HubMessage ─→ WebSocketFrame ─→ bytes
/// ```
///
/// - `HTTP/` reads and writes heads of HTTP/1.1. What two servers could read in two ways is refused.
/// - `WebSocket/` is RFC 6455: the handshake of both sides, frames, and ``UTF8Validator``.
/// - `JSON/` reads and writes JSON in place, by ranges of bytes.
/// - `Protocol/` has the messages of the client protocol `gohub.v1.json`.
///
/// Three rules hold for all of it. What a peer sends never traps and never makes memory be taken that was only announced.
/// How bytes were cut on their way changes nothing of the answer. Between messages, a connection's parsers hold no heap.
/// `Fuzz/` states these rules as programs, and `scripts/fuzz` runs them.
enum HubWireOverview {}
