// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// Redis as a message bus, and what it takes to talk to it: the wire format, and one connection on an event loop.
///
/// ```
/// RedisBus ─ where? ──► RedisLocator: the address, sentinels, the owner of a slot
///    └ at work ──► RedisSession: a connection that publishes, one that subscribes, one that reads the stream
/// ```
///
/// - `Bus`: ``RedisBus`` is the adapter. A ``RedisSession`` is one attempt with its connections, which live and die together;
///   ``RedisSubscriber`` keeps its subscriptions.
/// - `Locate`: ``RedisLocator`` finds the server, ``RedisQuery`` asks one thing of another, ``SentinelWatch`` hears of a
///   fail-over.
/// - `Streams`: ``StreamWriter`` adds entries, ``StreamReader`` reads on where the one before it was, ``StreamInterests`` knows
///   which entries count.
/// - `Connection` and `RESP`: one connection, and its bytes.
///
/// ```
/// send, publish ──► RedisCommand ──► bytes of this tick ──► (ByteFilter) ──► one write
///                                                                              │ socket
/// handler ◄── RESPReply, RedisPush ◄── RESPReader ◄── (ByteFilter) ◄────────── reads
/// ```
///
/// - ``RESPReader`` and ``RESPReply``: replies, read by hiredis behind a scanner of our own that keeps them to a limit.
/// - ``RedisCommand``: commands, in the form in which they are sent.
/// - ``RedisConnection``: one connection, from the look-up of the name to its one end. It does not reconnect.
/// - ``RedisConnectionHandler``: who is told of answers, of messages and of the end.
/// - ``RedisBus`` and ``RedisSession``: the adapter, and its connections of one attempt; ``RedisShards``: those to the masters
///   of a cluster, which carry the topics there.
/// - ``RedisHandshake``: what is said first.
/// - ``RedisError``: why something failed, in a closed set of codes.
///
/// Of hiredis only the reader of replies and the formatter of commands are used: its asynchronous part does not report a
/// refused connection, and aborts the process when a channel is unsubscribed from twice.
enum HubRedisOverview {}
