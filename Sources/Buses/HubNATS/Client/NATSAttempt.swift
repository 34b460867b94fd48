// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import CNats
import HubLoop
import HubTLS

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// One attempt to connect to one server, on a thread that it may block.
struct NATSAttempt: Sendable {
    enum Outcome: Sendable {
        case connected(Connected)
        case failed(NATSError)

        /// Gives the connection up.
        func abandon() {
            guard case .connected(let connected) = self else { return }
            NATSAttemptGuard.leave(connected.socket)
            Socket.close(connected.socket)
            NATSRemains(connected.handle, []).destroy {}
        }
    }

    /// A connection on its way to the loop.
    ///
    /// `@unchecked`: whoever has it is the only one who does, first the thread that connects, then the loop; ``NATSAttempt`` hands
    /// it over once.
    struct Connected: @unchecked Sendable {
        /// The library's handle.
        let handle: OpaquePointer
        /// A descriptor of the connection's socket beside the library's own.
        let socket: Int32
    }

    private let settings: NATSSettings
    private let address: SocketAddress
    private let login: NATSLogin
    private let inbox: NATSInbox
    private let attemptGuard: NATSAttemptGuard

    init(
        _ settings: NATSSettings,
        _ address: SocketAddress,
        _ login: NATSLogin,
        _ inbox: NATSInbox,
        _ attemptGuard: NATSAttemptGuard
    ) {
        self.attemptGuard = attemptGuard
        self.settings = settings
        self.address = address
        self.login = login
        self.inbox = inbox
    }

    /// Connects, and logs in.
    func run() -> Outcome {
        defer { attemptGuard.finish() }
        guard attemptGuard.begin(address) else { return .failed(NATSError(.closed, "\(address): given up")) }
        do throws(NATSError) {
            try checkFiles()
            let handle = try connect()
            return .connected(Connected(handle: handle, socket: inbox.takeSocket()))
        } catch {
            let socket = inbox.takeSocket()
            if socket >= 0 {
                NATSAttemptGuard.leave(socket)
                Socket.close(socket)
            }
            return .failed(error)
        }
    }

    /// The library would wait for somebody to write into a pipe, and no time limit would end that.
    private func checkFiles() throws(NATSError) {
        let tlsFiles = [settings.tls?.caFile, settings.tls?.certificateFile, settings.tls?.keyFile].compactMap(\.self)
        for (code, file) in login.files.map({ (NATSError.Code.authFailed, $0) }) + tlsFiles.map({ (.tls, $0) }) {
            var status = stat()
            guard stat(file, &status) == 0 else {
                throw NATSError(
                    code,
                    "\(address): the file \(file) cannot be used: \(String(cString: strerror(errno)))"
                )
            }
            guard status.st_mode & S_IFMT == S_IFREG else {
                throw NATSError(code, "\(address): the file \(file) cannot be used: it is not a regular file")
            }
        }
    }

    private func connect() throws(NATSError) -> OpaquePointer {
        do throws(NATSError) {
            let options = try NATSOptions()
            try apply(to: options)
            let context = Unmanaged.passUnretained(inbox).toOpaque()
            try options.set("listen to the connection") { options in
                natsOptions_SetEventLoop(options, context, attached, readingChanged, writingChanged, detached)
            }
            try options.set("listen to the connection") { natsOptions_SetErrorHandler($0, complained, context) }
            try options.set("listen to the connection") { natsOptions_SetClosedCB($0, closed, context) }
            try options.set("listen to the connection") { natsOptions_SetLameDuckModeCB($0, becameLameDuck, context) }
            try options.set("listen to the connection") {
                natsOptions_SetDiscoveredServersCB($0, discoveredServers, context)
            }
            // The library's until it has called `closed`, which it does once and last, and only if this succeeds.
            let held = Unmanaged.passRetained(inbox)
            do throws(NATSError) {
                return try options.connect()
            } catch {
                held.release()
                throw error
            }
        } catch {
            throw explained(error)
        }
    }

    /// Adds the server, and what the library cannot know.
    private func explained(_ error: NATSError) -> NATSError {
        func because(_ code: NATSError.Code, _ words: String) -> NATSError { NATSError(code, "\(address): \(words)") }
        switch error.code {
        case .connectFailed:
            return because(
                error.code,
                attemptGuard.hasPeers ? "nobody listens there, or no answer in time" : "no such host"
            )
        case .timedOut: return because(error.code, "\(error.message); is it a server of NATS that listens there?")
        case .authFailed: return because(error.code, "\(error.message): the node logs in \(login)")
        default: break
        }
        // So the library says that the server has closed the connection.
        guard error.code == .badReply, error.message.hasSuffix("got ''") else {
            return because(error.code, error.message)
        }
        // With TLS 1.3 a server that does not take the node's certificate says so behind the handshake, by ending.
        return settings.tls == nil
            ? because(.closed, "the server closed the connection to which the node logged in")
            : because(
                .tls,
                "the server closed the connection behind the TLS handshake: does it want another certificate of the node?"
            )
    }

    private func apply(to options: borrowing NATSOptions) throws(NATSError) {
        try options.set("name the server") { natsOptions_SetURL($0, "nats://\(address)") }
        try options.set("name the node") { natsOptions_SetName($0, settings.clientName) }
        try options.set("limit the time to connect") {
            natsOptions_SetTimeout($0, settings.connectTimeout.milliseconds)
        }
        // Whether and when to connect again is the supervisor's to decide; the library would keep publications meanwhile.
        try options.set("connect once") { natsOptions_SetAllowReconnect($0, false) }
        // A server that is silent for so long is found by the supervisor's probe, long before this.
        try options.set("keep the connection") { natsOptions_SetPingInterval($0, 20_000) }
        try options.set("keep the connection") { natsOptions_SetMaxPingsOut($0, 2) }
        // One thread of the library's for all subscriptions, which keeps their order; and none that flushes.
        try options.set("share a thread") { natsOptions_UseGlobalMessageDelivery($0, true) }
        try options.set("write at once") { natsOptions_SetSendAsap($0, true) }
        try login.apply(to: options)
        if let tls = settings.tls { try apply(tls, to: options) }
    }

    private func apply(_ tls: TLSClientOptions, to options: borrowing NATSOptions) throws(NATSError) {
        try options.set("use TLS") { natsOptions_SetSecure($0, true) }
        let name = tls.serverName ?? address.host
        try options.set("expect \(name)") { natsOptions_SetExpectedHostname($0, name) }
        if let file = tls.caFile {
            try options.set("trust \(file)") { natsOptions_LoadCATrustedCertificates($0, file) }
        }
        if let certificate = tls.certificateFile, let key = tls.keyFile {
            try options.set("show \(certificate)") { natsOptions_LoadCertificatesChain($0, certificate, key) }
        }
    }
}

extension Duration {
    /// Whole milliseconds, at least one.
    fileprivate var milliseconds: Int64 { max(1, Int64(self / .milliseconds(1))) }
}

// MARK: What the library calls, each on a thread of its own choice

private func inbox(_ context: UnsafeMutableRawPointer?) -> NATSInbox? {
    context.map { Unmanaged<NATSInbox>.fromOpaque($0).takeUnretainedValue() }
}

/// On the thread that connects.
private func attached(
    _ data: UnsafeMutablePointer<UnsafeMutableRawPointer?>?,
    _ context: UnsafeMutableRawPointer?,
    _: OpaquePointer?,
    _ socket: Int32
) -> natsStatus {
    data?.pointee = context
    do throws(LoopError) {
        let own = try Socket.duplicate(socket)
        NATSAttemptGuard.use(own)
        inbox(context)?.setSocket(own)
        return NATS_OK
    } catch {
        return NATS_SYS_ERROR
    }
}

/// Called when the library stops to read, which it does when the connection ends, before `closed`.
private func readingChanged(_ context: UnsafeMutableRawPointer?, _ isReading: Bool) -> natsStatus {
    inbox(context)?.setReading(isReading)
    return NATS_OK
}

/// On the loop, and on the library's timer thread, which pings.
private func writingChanged(_ context: UnsafeMutableRawPointer?, _ isWriting: Bool) -> natsStatus {
    inbox(context)?.setWriting(isWriting)
    return NATS_OK
}

/// May come after `closed`, so that the context may be gone.
private func detached(_: UnsafeMutableRawPointer?) -> natsStatus { NATS_OK }

/// On the library's thread for events.
private func complained(
    _ connection: OpaquePointer?,
    _: OpaquePointer?,
    _ status: natsStatus,
    _ context: UnsafeMutableRawPointer?
) {
    // No other subscription has a limit.
    guard status != NATS_SLOW_CONSUMER else { return inbox(context)?.add(.fencePassed) ?? () }
    // The connection keeps the last of several; this one's own are left to the thread.
    var last = NATS_OK
    let words = nats_GetLastError(&last).map { String(cString: $0) } ?? ""
    inbox(context)?.add(
        .complaint(status, last == status && !words.isEmpty ? words : lastWords(of: connection, status))
    )
}

/// On the library's thread for events.
private func becameLameDuck(_: OpaquePointer?, _ context: UnsafeMutableRawPointer?) {
    inbox(context)?.add(.lameDuck)
}

/// On the library's thread for events.
private func discoveredServers(_: OpaquePointer?, _ context: UnsafeMutableRawPointer?) {
    inbox(context)?.add(.discovered)
}

/// On the library's thread for events; the last call with this context.
private func closed(_ connection: OpaquePointer?, _ context: UnsafeMutableRawPointer?) {
    guard let context else { return }
    var words: UnsafePointer<CChar>?
    let status = natsConnection_GetLastError(connection, &words)
    let inbox = Unmanaged<NATSInbox>.fromOpaque(context).takeRetainedValue()
    inbox.add(.closed(status, lastWords(of: connection, status)))
}

/// The server's own words; empty where those that are left are of an earlier complaint.
private func lastWords(of connection: OpaquePointer?, _ status: natsStatus) -> String {
    switch status {
    case NATS_ERR, NATS_CONNECTION_AUTH_FAILED, NATS_NOT_PERMITTED:
        var words: UnsafePointer<CChar>?
        natsConnection_GetLastError(connection, &words)
        return words.map { String(cString: $0) } ?? ""
    default: return ""
    }
}
