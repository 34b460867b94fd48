// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubCore
import HubLoop
import Testing

@testable import HubServer

@Suite("What a heartbeat makes of silence")
struct HeartbeatVerdictTests {
    /// A heartbeat whose times are whole seconds, and what its socket would say.
    private struct Line {
        var heartbeat = Heartbeat(now: 0, head: 0)
        var outgoing: OutgoingBytes? = OutgoingBytes(acknowledged: 0, unacknowledged: 0)
        var asked = 0
        let times: HeartbeatTimes

        init(read: Int = 180, write: Int = 60, ping: Int = 25, pong: Int = 10) {
            var settings = ServerSettings()
            settings.readTimeout = .seconds(read)
            settings.writeTimeout = .seconds(write)
            settings.pingInterval = .seconds(ping)
            settings.pongTimeout = .seconds(pong)
            times = HeartbeatTimes(settings)
        }

        mutating func look(_ second: Int, blockedSince: Int? = nil) -> Heartbeat.Verdict {
            var asked = 0
            defer { self.asked += asked }
            return heartbeat.look(seconds(second), times, blockedSince: blockedSince.map(seconds)) { [outgoing] in
                asked += 1
                return outgoing
            }
        }

        mutating func reads(_ second: Int) { heartbeat.hasRead(seconds(second)) }

        mutating func acknowledge(_ bytes: UInt64, left: UInt64) {
            outgoing = OutgoingBytes(acknowledged: bytes, unacknowledged: left)
        }

        mutating func pong(_ second: Int) -> UInt64? {
            withUnsafeBytes(of: heartbeat.lastPing) { heartbeat.takePong($0, seconds(second)) }
        }
    }

    @Test("while pongs come in time the system is not asked anything")
    func answered() {
        var line = Line()
        for round in 1...100 {
            let now = round * 25
            #expect(line.look(now) == .ping(lookIn: seconds(5)))
            line.reads(now + 1)
            #expect(line.pong(now + 1) == seconds(1))
            #expect(line.pong(now + 2) == nil)
            #expect(line.look(now + 5) == .look(in: seconds(20)))
        }
        #expect(line.asked == 0)
    }

    @Test("a peer that took the ping at once and is silent is lost after the time for a pong")
    func silent() {
        var line = Line()
        #expect(line.look(25) == .ping(lookIn: seconds(5)))
        line.acknowledge(10, left: 0)
        #expect(line.look(30) == .look(in: seconds(5)))
        #expect(line.look(35) == .lost(.noPong))
        #expect(line.asked == 2)
    }

    @Test("a peer that takes nothing more is lost after the time for a pong")
    func gone() {
        var line = Line()
        #expect(line.look(25) == .ping(lookIn: seconds(5)))
        line.acknowledge(1000, left: 500_000)
        #expect(line.look(30) == .look(in: seconds(5)))
        #expect(line.look(35) == .lost(.noPong))
    }

    @Test("a system that does not say what is acknowledged is not waited for")
    func unknown() {
        var line = Line()
        line.outgoing = nil
        #expect(line.look(25) == .ping(lookIn: seconds(5)))
        #expect(line.look(30) == .look(in: seconds(5)))
        #expect(line.look(35) == .lost(.noPong))
    }

    @Test("a peer in the middle of a long message may take as long as its bytes come")
    func uploads() {
        var line = Line()
        #expect(line.look(25) == .ping(lookIn: seconds(5)))
        for second in 26...500 {
            line.reads(second)
            if second % 5 == 0 { #expect(line.look(second) == .look(in: seconds(5))) }
        }
        #expect(line.pong(501) == seconds(476))
    }

    @Test("a peer that was sent much may take as long as it takes bytes, and then has the time for a pong")
    func downloads() {
        var line = Line()
        #expect(line.look(25) == .ping(lookIn: seconds(5)))
        // 3 MB before the ping, at 60 kB in 5 seconds; more is sent behind it.
        var now = 30
        for taken in 0..<50 {
            line.acknowledge(UInt64(taken) * 60_000, left: 5_000_000)
            #expect(line.look(now) == .look(in: seconds(5)), "\(now)")
            now += 5
        }
        // What is acknowledged behind the ping is no answer.
        line.acknowledge(5_000_001, left: 1_000_000)
        #expect(line.look(now) == .look(in: seconds(5)))
        line.acknowledge(5_500_000, left: 1_000_000)
        #expect(line.look(now + 5) == .look(in: seconds(5)))
        line.acknowledge(6_000_000, left: 1_000_000)
        #expect(line.look(now + 10) == .lost(.noPong))
    }

    @Test("nobody is lost at a look that came late before a second one has found no progress")
    func late() {
        var line = Line()
        #expect(line.look(25) == .ping(lookIn: seconds(5)))
        line.acknowledge(10, left: 0)
        #expect(line.look(60) == .look(in: seconds(5)))
        #expect(line.look(65) == .lost(.noPong))
    }

    @Test("a socket that takes nothing is judged by its own time, as long as nothing is acknowledged")
    func blocked() {
        var line = Line()
        line.acknowledge(1000, left: 4_000_000)
        #expect(line.look(35, blockedSince: 10) == .look(in: seconds(25)))
        #expect(line.look(69, blockedSince: 10) == .look(in: seconds(1)))
        // The peer takes what waits in the system's buffer, though not enough of it for more to be written.
        for second in stride(from: 70, through: 600, by: 25) {
            line.acknowledge(1000 + UInt64(second), left: 4_000_000)
            #expect(line.look(second, blockedSince: 10) == .look(in: seconds(25)))
        }
        #expect(line.look(620, blockedSince: 10) == .look(in: seconds(25)))
        #expect(line.look(645, blockedSince: 10) == .look(in: seconds(10)))
        #expect(line.look(655, blockedSince: 10) == .lost(.writeTimeout))
    }

    @Test("what happened within the tick, after the time that judges, is no long silence", arguments: [true, false])
    func laterThanTheLook(isBlocked: Bool) {
        var line = Line()
        for second in [35, 36, 37] {
            line.reads(second + 1)
            let verdict = line.look(second, blockedSince: isBlocked ? second + 1 : nil)
            if case .lost(let reason) = verdict { Issue.record("lost: \(reason)") }
        }
    }

    @Test("a socket that takes nothing and brings nothing is idle when that is the shorter time")
    func blockedAndSilent() {
        var line = Line(read: 40, write: 60)
        line.acknowledge(1000, left: 4_000_000)
        #expect(line.look(30, blockedSince: 5) == .look(in: seconds(15)))
        #expect(line.look(45, blockedSince: 5) == .lost(.idle))
    }

    @Test("who takes all at last has the whole time to answer the ping, and counts as heard then")
    func unblocked() {
        var line = Line()
        #expect(line.look(25) == .ping(lookIn: seconds(5)))
        line.acknowledge(1000, left: 4_000_000)
        #expect(line.look(30, blockedSince: 26) == .look(in: seconds(25)))
        line.heartbeat.hasTakenAll(seconds(300))
        line.acknowledge(4_000_000, left: 0)
        #expect(line.look(300) == .look(in: seconds(5)))
        #expect(line.look(309) == .look(in: seconds(1)))
        #expect(line.look(310) == .lost(.noPong))
    }

    @Test("without pings silence is measured by the time for reading")
    func idle() {
        var line = Line(ping: 3600)
        #expect(line.look(0) == .look(in: seconds(180)))
        line.reads(100)
        #expect(line.look(180) == .look(in: seconds(100)))
        #expect(line.look(280) == .lost(.idle))
    }
}

private func seconds(_ count: Int) -> UInt64 { UInt64(count) * 1_000_000_000 }
