// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

package import HubMetrics

/// What a loop counts about itself, in plain values that only its thread may touch.
package struct LoopStatistics: Sendable {
    /// How long, in nanoseconds, each tick kept the loop away from the sockets that became ready meanwhile.
    package var tick = LocalHistogram(.milliseconds)
    /// How late, in nanoseconds, timers fired: behind the end of the step of the wheel at which they were due.
    package var lag = LocalHistogram(.milliseconds)
    /// The sum of all ticks: nanoseconds in which the loop worked instead of waiting.
    package var busyNanoseconds: UInt64 = 0
    /// How often the loop came back from waiting.
    package var ticks: UInt64 = 0
    /// How many posted jobs were run.
    package var jobs: UInt64 = 0
    /// How many timers fired.
    package var timersFired: UInt64 = 0
    /// How often a part of a tick used up its slice, so that the rest had to wait for the next tick.
    package var overruns: UInt64 = 0
}
