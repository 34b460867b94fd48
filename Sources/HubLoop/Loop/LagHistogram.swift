// SPDX-License-Identifier: Apache-2.0
// Part of gohub.
package struct LagHistogram: Sendable {
    init() {}
    mutating func observe(_ value: UInt64) {}
}
