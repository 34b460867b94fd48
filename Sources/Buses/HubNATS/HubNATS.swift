// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// NATS as a message bus, by core NATS or by a stream of JetStream: the library nats.c on an event loop, and what nodes say over it.
///
/// ```
/// NATSBus ─ where? ──► AddressRotation: the servers of the list, and those that a server has named
///    └ at work ──► NATSSession: one connection ── what is wanted ──► NATSInterests
///                      │                       ├─ what is confirmed ──► NATSReceipts, NATSDenials
///                      └ with a stream ──► JetStream ── begins ──► StreamFinder
///                                              ├─ reads ──► JetStreamReader
///                                              └─ asks ──► JetStreamRequests
/// ```
///
/// - `Bus`: ``NATSBus`` is the adapter. A ``NATSSession`` is one attempt at one server, and what became of it. ``NATSInterests`` keeps its
///   subscriptions; ``NATSReceipts`` knows what a message to the node itself confirms, ``NATSDenials`` what the server has
///   refused, which ``NATSComplaint`` reads of its words.
/// - `JetStream`: ``JetStream`` writes to the stream and reads from it. ``StreamFinder`` finds or makes it (``StreamDefinition``), and makes a
///   consumer (``ConsumerDefinition``). ``JetStreamReader`` asks for messages (``PullCredit``) and acknowledges them
///   (``AckSubject``), ``Unsettled`` has the publications without an answer. A ``JetStreamPlace`` is where the next connection goes on;
///   ``ConsumerSweep`` deletes the consumers of nodes that are gone (``IdleConsumers``).
/// - `Names`: ``SubjectEncoding`` writes names as subjects, ``ReplySubjects`` has those to which a connection wants answers.
/// - `Client`: one connection of the library's, and nothing of the bus.
///
/// ```
/// publish ──► nats.c's buffer ──► flush, at the end of what was said ──► one write
///                                                                          │ socket
/// NATSSession ◄── NATSConnection ◄── NATSInbox ◄── nats.c's threads ◄── reads, by the loop
///                    loop              mutex        deliver, complain
/// ```
///
/// - ``NATSConnection``: one connection, from the attempt to its one end. It does not reconnect.
/// - ``NATSAttempt``: connects and logs in (``NATSLogin``), on a thread that it blocks; ``NATSAttemptGuard`` ends one that is given up.
/// - ``NATSInbox``: what the library's threads have for the loop; ``NATSSubscription``: one subscription, and in which part of the inbox its
///   messages lie.
/// - ``NATSFence``: finds out when all is told that the server has refused.
/// - ``NATSRemains``: gives a connection back to the library, on a thread of its own.
/// - ``NATSError``: why something failed, in a closed set of codes.
///
/// Two parts of nats.c are not used: its reconnecting, which keeps publications silently and gives up for good, and its interface to JetStream,
/// which blocks, and in version 3.4 overflows its memory when messages wait.
enum HubNATSOverview {}
