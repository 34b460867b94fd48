// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// A label whose values are the cases of an enum, so that a family's series are known when it is registered.
///
/// Only an enum without payloads of at most 64 cases will do, with `allCases` as the compiler makes it: a handle is found
/// by the case's place in memory. Registration refuses any other type.
public protocol MetricLabel: CaseIterable, Hashable, Sendable {
    /// The label's name: `[a-zA-Z_][a-zA-Z0-9_]*`, not starting with `__`, not `le` or `quantile`.
    static var labelName: String { get }

    /// This case's value as shown; must not be empty, nor equal to another case's.
    var labelValue: String { get }
}

extension MetricLabel where Self: RawRepresentable, RawValue == String {
    /// The raw value, so that an enum of strings needs to name its label only.
    public var labelValue: String { rawValue }
}

extension MetricLabel {
    /// The case's place among `allCases`; never out of bounds, as registration has checked the type.
    @inlinable
    @inline(__always)
    var ordinal: Int {
        if MemoryLayout<Self>.size == 0 { return 0 }
        return withUnsafeBytes(of: self) { Int($0[0]) }
    }

    /// Whether each case lies in memory as its place among `allCases`.
    static var hasPlainLayout: Bool {
        let cases = allCases
        guard !cases.isEmpty, cases.count <= 64 else { return false }
        guard MemoryLayout<Self>.size <= 1, _isPOD(Self.self) else { return false }
        return zip(cases, 0...).allSatisfy { value, place in value.ordinal == place }
    }
}
