// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// Event loops on libuv: where sockets, timers, signals and jobs from other threads become plain calls on one thread.
///
/// ```
/// other threads ── post, wake ──┐             ┌── ListenSocket ── accepted descriptors
///                               ▼             ▼
///  wait ─→ ready sockets ─→ due timers ─→ posted jobs ─→ onTick ─→ wait …      one tick of an EventLoop
///            SocketWatch     TimingWheel    Mailbox      "flush"
/// ```
///
/// - ``EventLoop`` has the thread, the ticks and the mailbox; ``LoopStatistics`` is what it counts.
/// - ``SocketWatch`` tells a ``SocketHandler`` when to read and write; ``Socket`` has the calls that do it.
/// - ``ListenSocket`` accepts; ``Connector`` connects, looking names up by ``Resolver``.
/// - ``LoopTimer`` is one deadline; ``TimingWheel`` holds a loop's deadlines and is pure, without I/O or clock.
/// - ``SignalWatch`` brings signals to a loop.
/// - ``MonotonicClock`` gives the time; tests use a virtual one and ``EventLoop/runOnce(wait:)``.
///
/// No C type leaves this target. A handle of libuv is heap memory with a counted reference to its Swift
/// object, both given back in the handle's close callback and nowhere else.
enum HubLoopOverview {}
