// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import CUV

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Says why a loop, a socket, a name or a signal could not do what was asked.
package struct LoopError: Error, Sendable, CustomStringConvertible {
    /// The closed set of reasons, fit for a metric label.
    package struct Code: Hashable, Sendable, CustomStringConvertible, CaseIterable {
        private enum Kind: String, CaseIterable {
            case addressInUse = "address_in_use"
            case addressNotAvailable = "address_not_available"
            case badAddress = "bad_address"
            case loopStopped = "loop_stopped"
            case notPermitted = "not_permitted"
            case nameNotFound = "name_not_found"
            case outOfDescriptors = "out_of_descriptors"
            case outOfMemory = "out_of_memory"
            case refused
            case reset
            case stillOpen = "still_open"
            case timedOut = "timed_out"
            case unreachable
            case other
        }

        private let kind: Kind

        /// Another socket listens there.
        package static let addressInUse = Code(kind: .addressInUse)
        /// The address belongs to no interface of this machine.
        package static let addressNotAvailable = Code(kind: .addressNotAvailable)
        /// The text is not an address.
        package static let badAddress = Code(kind: .badAddress)
        /// The loop has been stopped, or is being stopped.
        package static let loopStopped = Code(kind: .loopStopped)
        /// The system forbids it, as it does low ports to most users.
        package static let notPermitted = Code(kind: .notPermitted)
        /// The resolver knows no address for the name.
        package static let nameNotFound = Code(kind: .nameNotFound)
        /// The process or the machine has no more file descriptors.
        package static let outOfDescriptors = Code(kind: .outOfDescriptors)
        /// The system has no memory, buffer or thread left for it.
        package static let outOfMemory = Code(kind: .outOfMemory)
        /// Nobody listens at the address.
        package static let refused = Code(kind: .refused)
        /// The other end broke the connection.
        package static let reset = Code(kind: .reset)
        /// Handles were left open when the loop ended; a defect of ours.
        package static let stillOpen = Code(kind: .stillOpen)
        /// It took too long.
        package static let timedOut = Code(kind: .timedOut)
        /// No route leads to the address.
        package static let unreachable = Code(kind: .unreachable)
        /// Anything else; the message has the system's word for it.
        package static let other = Code(kind: .other)

        /// All reasons, for a metric that shows each from the start.
        package static var allCases: [Code] { Kind.allCases.map(Code.init(kind:)) }

        /// The metric label.
        package var description: String { kind.rawValue }
    }

    /// The reason.
    package let code: Code
    /// What was tried and the system's answer, for the log.
    package let message: String
    /// The system's error number; 0 when the error did not come from the system.
    package let errno: Int32

    /// The message.
    package var description: String { message }

    /// Makes an error that did not come from the system.
    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
        self.errno = 0
    }

    /// Makes an error from an `errno`, positive or negated as libuv returns it.
    ///
    /// - Parameter action: What was tried, for example `bind 0.0.0.0:80`.
    package init(errno: Int32, doing action: String) {
        let number = errno == .min ? 0 : abs(errno)
        self.code = Self.code(of: number)
        self.message = "\(action): \(Self.text(of: number))"
        self.errno = number
    }

    private static func code(of number: Int32) -> Code {
        switch number {
        case EADDRINUSE: .addressInUse
        case EADDRNOTAVAIL: .addressNotAvailable
        case EACCES, EPERM: .notPermitted
        case EMFILE, ENFILE: .outOfDescriptors
        case ENOMEM, ENOBUFS, EAGAIN: .outOfMemory
        case ECONNREFUSED: .refused
        case ECONNRESET, EPIPE, ECONNABORTED: .reset
        case ETIMEDOUT: .timedOut
        case ENETUNREACH, EHOSTUNREACH, ENETDOWN, EHOSTDOWN: .unreachable
        case EAFNOSUPPORT: .badAddress
        case EBUSY: .stillOpen
        default: .other
        }
    }

    private static func text(of number: Int32) -> String {
        var buffer = [CChar](repeating: 0, count: 128)
        uv_strerror_r(-number, &buffer, buffer.count - 1)
        let text = String(decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        uv_err_name_r(-number, &buffer, buffer.count - 1)
        let name = String(decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        return "\(text) (\(name))"
    }
}
