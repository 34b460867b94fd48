// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// What tests of several targets share; nothing here is part of the program.
///
/// - `Clock/`: ``VirtualClock``, which moves only when a test says so, and loops that are driven a tick at a time.
/// - `Hub/`: ``HubHarness`` and ``FakeTransport``, a hub without sockets.
/// - `Server/`: ``TestServer``, a server on a free port, and ``Peer``, ``WebSocketPeer``, ``HubPeer``, which connect to it.
/// - `Bus/`: ``BusContract``, which every bus has to pass, ``MemoryBus``, which does, and ``FaultyBus``, which does not;
///   ``LinkHarness``, a link without a server, and ``BridgeHarness``, nodes without threads.
/// - `Exposition/`: a strict reader of metrics pages, and the rules of both formats and of names.
/// - `TLS/`: ``TestAuthority``, which issues certificates as files, good ones and such as have to be refused.
/// - `Proxy/`: ``FaultProxy``, a TCP proxy with the faults of networks, and ``EchoServer`` to stand behind it.
/// - `Processes/`, `Servers/`: child processes that end with their test; Prometheus, and Redis alone (``RedisServer``), with
///   Sentinel (``RedisSentinels``) and as a cluster (``RedisCluster``); NATS alone (``NATSServer``) and as a cluster
///   (``NATSCluster``), with users of every kind; the traits of tests that need one of them.
///
/// Tests wait for conditions (`eventually`), never for time to pass.
enum HubTestingOverview {}
