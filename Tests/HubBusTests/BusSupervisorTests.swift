// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubBus
import Testing

/// When to connect, when messages flow, and when a connection is given up.
@Suite("Bus supervisor")
struct BusSupervisorTests {
    private static let second: UInt64 = 1_000_000_000

    /// A supervisor whose messages flow at a moment.
    private func ready(_ now: UInt64 = 0) -> BusSupervisor {
        var supervisor = BusSupervisor()
        #expect(supervisor.start(now) == .connect)
        supervisor.authenticating()
        #expect(supervisor.connected(generation: 7, now) == .subscribe)
        #expect(supervisor.confirmed(7, now) == .probe(1))
        #expect(supervisor.probeReturned(1, now).action == .ready(outage: nil, attempts: 1))
        return supervisor
    }

    @Test("lets publications flow only when a message to itself came back")
    func order() {
        var supervisor = BusSupervisor()
        #expect(supervisor.start(0) == .connect)
        #expect(!supervisor.takesPublications)
        supervisor.authenticating()
        #expect(supervisor.connected(generation: 7, 1) == .subscribe)
        #expect(supervisor.confirmed(6, 2) == .none)
        #expect(!supervisor.takesPublications)
        #expect(supervisor.confirmed(7, 3) == .probe(1))
        #expect(!supervisor.isReady)
        #expect(supervisor.probeReturned(9, 4).action == .none)
        let (action, roundTrip) = supervisor.probeReturned(1, 5)
        #expect(action == .ready(outage: nil, attempts: 1))
        #expect(roundTrip == 2)
        #expect(supervisor.isReady && supervisor.takesPublications)
    }

    @Test("tries again for ever, at a random time that grows and has a limit")
    func backOff() {
        var supervisor = BusSupervisor()
        _ = supervisor.start(0)
        var longest: [UInt64] = []
        for _ in 0..<12 {
            supervisor.down(0, random: 1)
            longest.append(supervisor.nextDeadline)
            #expect(supervisor.tick(supervisor.nextDeadline - 1) == .none)
            #expect(supervisor.tick(supervisor.nextDeadline) == .connect)
        }
        #expect(longest.prefix(4) == [200_000_000, 400_000_000, 800_000_000, 1_600_000_000])
        #expect(longest.last == 10 * Self.second)
        supervisor.down(5, random: 0)
        #expect(supervisor.tick(5) == .connect)
    }

    @Test("starts over with short waits once messages have flowed")
    func resets() {
        var supervisor = BusSupervisor()
        _ = supervisor.start(0)
        for _ in 0..<5 {
            supervisor.down(0, random: 0)
            _ = supervisor.tick(0)
        }
        _ = supervisor.connected(generation: 0, 0)
        _ = supervisor.confirmed(0, 0)
        #expect(supervisor.probeReturned(1, 0).action == .ready(outage: nil, attempts: 6))
        supervisor.down(100, random: 1)
        #expect(supervisor.nextDeadline == 100 + 200_000_000)
    }

    @Test("tells how long messages did not flow")
    func outage() {
        var supervisor = ready()
        supervisor.down(10, random: 0)
        #expect(!supervisor.isReady)
        #expect(supervisor.tick(10) == .connect)
        supervisor.down(20, random: 0)
        #expect(supervisor.tick(20) == .connect)
        _ = supervisor.connected(generation: 7, 30)
        #expect(supervisor.confirmed(7, 30) == .probe(2))
        #expect(supervisor.probeReturned(2, 50).action == .ready(outage: 40, attempts: 2))
    }

    @Test("gives an attempt up that does not come to an end", arguments: 0...3)
    func attempt(steps: Int) {
        var supervisor = BusSupervisor()
        _ = supervisor.start(0)
        if steps > 0 { supervisor.authenticating() }
        if steps > 1 { _ = supervisor.connected(generation: 1, 0) }
        if steps > 2 { _ = supervisor.confirmed(1, 0) }
        #expect(supervisor.tick(supervisor.nextDeadline - 1) == .none)
        let limit = steps > 2 ? 5 * Self.second : 10 * Self.second
        #expect(supervisor.tick(limit) == .disconnect(.silence))
    }

    @Test("probes a server that sends nothing for half a minute, though it answers")
    func silence() {
        var supervisor = ready()
        supervisor.heard(29 * Self.second)
        #expect(supervisor.nextDeadline == 30 * Self.second)
        #expect(supervisor.tick(30 * Self.second) == .probe(2))
        #expect(supervisor.isReady)
        #expect(supervisor.tick(34 * Self.second) == .none)
        #expect(supervisor.tick(35 * Self.second) == .disconnect(.silence))
    }

    @Test("a probe that comes back, or any message, puts the next one off")
    func alive() {
        var supervisor = ready()
        #expect(supervisor.tick(30 * Self.second) == .probe(2))
        #expect(supervisor.probeReturned(2, 31 * Self.second).roundTrip == Self.second)
        #expect(supervisor.nextDeadline == 61 * Self.second)
        supervisor.received(40 * Self.second)
        #expect(supervisor.nextDeadline == 70 * Self.second)
    }

    @Test("is in doubt at the first late answer, stops publications a second later, and gives up without an echo")
    func doubt() {
        var supervisor = ready()
        #expect(supervisor.answerIsLate(sent: Self.second, 2 * Self.second) == .probe(2))
        #expect(!supervisor.isReady)
        #expect(supervisor.takesPublications)
        #expect(supervisor.nextDeadline == 3 * Self.second)
        #expect(supervisor.tick(3 * Self.second) == .none)
        #expect(!supervisor.takesPublications)
        #expect(supervisor.tick(7 * Self.second) == .disconnect(.silence))
    }

    @Test("messages that come in excuse no answers that stay away, and end no doubt")
    func onlyIn() {
        var supervisor = ready()
        supervisor.received(3 * Self.second / 2)
        #expect(supervisor.answerIsLate(sent: Self.second, 2 * Self.second) == .probe(2))
        supervisor.received(3 * Self.second)
        #expect(!supervisor.isReady)
        #expect(supervisor.tick(7 * Self.second) == .disconnect(.silence))
    }

    @Test("waits for a probe as long as the server has more that was not read yet", arguments: [false, true])
    func behind(isReady: Bool) {
        var supervisor = ready()
        var now = 30 * Self.second
        if isReady {
            #expect(supervisor.tick(now) == .probe(2))
        } else {
            supervisor.down(now, random: 0)
            #expect(supervisor.tick(now) == .connect)
            #expect(supervisor.connected(generation: 7, now) == .subscribe)
            #expect(supervisor.confirmed(7, now) == .probe(2))
        }
        for _ in 0..<60 {
            now += Self.second
            supervisor.behind(now)
            #expect(supervisor.tick(now) == .none)
        }
        #expect(supervisor.tick(now + 5 * Self.second - 1) == .none)
        #expect(supervisor.tick(now + 5 * Self.second) == .disconnect(.silence))
    }

    @Test("sends a probe for which there was no room again a second later, and leaves no server for it")
    func unsentProbe() {
        var supervisor = ready()
        #expect(supervisor.answerIsLate(sent: 10, 20) == .probe(2))
        supervisor.probeUnsent()
        #expect(supervisor.tick(20 + Self.second - 1) == .none)
        #expect(supervisor.nextDeadline == 20 + Self.second)
        #expect(supervisor.tick(20 + Self.second) == .probe(3))
        supervisor.probeUnsent()
        supervisor.heard(21 + Self.second)
        #expect(supervisor.isReady)
        #expect(supervisor.tick(20 * Self.second) == .none)
        // Nor is one that a silence asks for sent again and again.
        #expect(supervisor.tick(40 * Self.second) == .probe(4))
        supervisor.probeUnsent()
        #expect(supervisor.nextDeadline == 41 * Self.second)
        #expect(supervisor.tick(41 * Self.second - 1) == .none)
        #expect(supervisor.tick(41 * Self.second) == .probe(5))
    }

    @Test("asks once a second at most whether all is refused, when a publication is")
    func refusedPublication() {
        var supervisor = ready()
        #expect(supervisor.publicationRefused(Self.second / 2) == .none)
        #expect(supervisor.publicationRefused(Self.second) == .probe(2))
        #expect(supervisor.publicationRefused(Self.second) == .none)
        _ = supervisor.probeReturned(2, Self.second + 1)
        #expect(supervisor.isReady)
        #expect(supervisor.publicationRefused(Self.second + 2) == .none)
        #expect(supervisor.publicationRefused(2 * Self.second) == .probe(3))
    }

    @Test("leaves a server that refuses a probe at once, and says what it said", arguments: [false, true])
    func refusedProbe(isReady: Bool) {
        var supervisor = ready()
        if isReady {
            _ = supervisor.tick(30 * Self.second)
        } else {
            supervisor.down(0, random: 0)
            _ = supervisor.tick(0)
            _ = supervisor.connected(generation: 2, 0)
            _ = supervisor.confirmed(2, 0)
        }
        let fault = LinkFault(.refused, "no")
        supervisor.probeRefused(fault)
        #expect(supervisor.nextDeadline == 0)
        #expect(supervisor.tick(30 * Self.second) == .disconnect(fault))
        supervisor.down(30 * Self.second, random: 1)
        #expect(supervisor.nextDeadline > 30 * Self.second)
        #expect(supervisor.tick(30 * Self.second) == .none)
    }

    @Test("a refused probe of one that is closed leads to nothing")
    func refusedAndClosed() {
        var supervisor = ready()
        supervisor.probeRefused(LinkFault(.refused, "no"))
        supervisor.close()
        #expect(supervisor.tick(30 * Self.second) == .none)
        #expect(supervisor.nextDeadline == .max)
    }

    @Test("any answer ends the doubt")
    func relief() {
        var supervisor = ready()
        _ = supervisor.answerIsLate(sent: Self.second, 2 * Self.second)
        _ = supervisor.tick(4 * Self.second)
        supervisor.heard(5 * Self.second)
        #expect(supervisor.isReady && supervisor.takesPublications)
    }

    @Test("a late answer casts no doubt on a server that answered others since")
    func slowOne() {
        var supervisor = ready()
        supervisor.heard(5)
        #expect(supervisor.answerIsLate(sent: 4, 50) == .none)
        #expect(supervisor.isReady)
    }

    @Test("an echo of an earlier connection counts for nothing")
    func oldEcho() {
        var supervisor = ready()
        #expect(supervisor.tick(30 * Self.second) == .probe(2))
        supervisor.down(31 * Self.second, random: 0)
        _ = supervisor.tick(31 * Self.second)
        _ = supervisor.connected(generation: 7, 31 * Self.second)
        #expect(supervisor.confirmed(7, 31 * Self.second) == .probe(3))
        #expect(supervisor.probeReturned(2, 32 * Self.second).action == .none)
        #expect(!supervisor.isReady)
    }

    @Test("once closed it does nothing any more")
    func closed() {
        var supervisor = ready()
        supervisor.close()
        supervisor.down(1, random: 0)
        #expect(supervisor.phase == .closed)
        #expect(supervisor.tick(100 * Self.second) == .none)
        #expect(supervisor.nextDeadline == .max)
        #expect(!supervisor.takesPublications)
    }
}
