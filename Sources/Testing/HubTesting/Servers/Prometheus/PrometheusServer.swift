// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

package import HubWire

/// A real Prometheus on a port of its own, with data in a directory that goes with it.
///
/// It takes some five seconds to its first scrape, whatever the interval: targets are handed over at that pace.
package final class PrometheusServer: Sendable {
    /// A thing to scrape; its name becomes the label `job`.
    package struct Job: Sendable {
        package let name: String
        package let port: Int
        package let path: String

        package init(_ name: String, port: Int, path: String = "/metrics") {
            self.name = name
            self.port = port
            self.path = path
        }
    }

    /// What Prometheus says of a job's last scrape.
    package struct Target: Sendable, CustomStringConvertible {
        package let job: String
        package let isUp: Bool
        /// Why it is not up; empty when it is.
        package let error: String

        package var description: String { isUp ? "\(job) is up" : "\(job) is down: \(error)" }
    }

    /// A series as a query found it.
    package struct Series: Sendable {
        /// With `__name__`, `job` and `instance`.
        package let labels: [String: String]
        package let value: Double
    }

    package let port: Int
    package let process: ChildProcess
    private let directory: TemporaryDirectory
    private let jobs: [Job]

    /// Whether there is one to start, and its promtool.
    package static var isInstalled: Bool {
        ChildProcess.find("prometheus") != nil && ChildProcess.find("promtool") != nil
    }

    /// Starts a server that scrapes these jobs, and waits until it answers.
    ///
    /// - Parameter interval: Between two scrapes of a job.
    /// - Parameter rules: Files with rules to load, and to evaluate at the same interval.
    package init(scraping jobs: [Job], every interval: Duration = .seconds(1), rules: [String] = []) async throws {
        let directory = try TemporaryDirectory()
        let milliseconds = max(Int(interval / .milliseconds(1)), 1)
        var lines = [
            "global: {scrape_interval: \(milliseconds)ms, scrape_timeout: \(milliseconds)ms, "
                + "evaluation_interval: \(milliseconds)ms}",
            "rule_files: [\(rules.map { "'\($0)'" }.joined(separator: ", "))]",
            "scrape_configs:",
        ]
        for job in jobs {
            lines.append(
                "- {job_name: '\(job.name)', metrics_path: '\(job.path)', "
                    + "static_configs: [{targets: ['127.0.0.1:\(job.port)']}]}"
            )
        }
        let file = try directory.write(lines.joined(separator: "\n").utf8, to: "prometheus.yml")
        let process = try ChildProcess(
            "prometheus",
            [
                "--config.file=\(file)", "--storage.tsdb.path=\(directory.path)/data",
                "--web.listen-address=127.0.0.1:0", "--enable-feature=exemplar-storage", "--log.format=logfmt",
            ]
        )
        let port = try await process.waitForLine("Prometheus's port") { line -> Int? in
            guard line.contains("msg=\"Listening on\""), let field = line.split(separator: "address=").last else {
                return nil
            }
            return field.prefix { $0 != " " }.split(separator: ":").last.flatMap { Int($0) }
        }
        _ = try await process.wait(for: "Prometheus to be ready") {
            await LoopbackHTTP.isOK(port: port, "/-/ready") ? true : nil
        }
        self.directory = directory
        self.process = process
        self.port = port
        self.jobs = jobs
    }

    package func stop() async {
        await process.stop()
    }

    // MARK: Questions

    /// Asks a path of its HTTP interface and returns what is under `data`.
    ///
    /// - Throws: ``ProcessFault`` `.badReply` with Prometheus's own words if it does not like the question.
    package func data(_ path: String, _ parameters: [(name: String, value: String)] = []) async throws -> JSONTree {
        let query = parameters.map { "\($0.name)=\(LoopbackHTTP.encoded($0.value))" }.joined(separator: "&")
        let reply = try await LoopbackHTTP.get(port: port, "/api/v1/\(path)\(query.isEmpty ? "" : "?")\(query)")
        let answer = try JSONTree(parsing: reply.body)
        guard answer["status"]?.string == "success", let data = answer["data"] else {
            throw ProcessFault(.badReply, "\(path)?\(query): \(answer["error"]?.string ?? reply.text)")
        }
        return data
    }

    /// Evaluates an expression now; the result must be a vector or a scalar.
    package func query(_ expression: String) async throws -> [Series] {
        let data = try await data("query", [("query", expression)])
        if data["resultType"]?.string == "scalar" {
            return [Series(labels: [:], value: Self.value(data["result"]))]
        }
        return (data["result"]?.array ?? []).map { entry in
            let labels = (entry["metric"]?.object ?? [:]).compactMapValues(\.string)
            return Series(labels: labels, value: Self.value(entry["value"]))
        }
    }

    /// The label sets of all series that the selector matches.
    package func series(matching selector: String) async throws -> [[String: String]] {
        try await data("series", [("match[]", selector)]).array.map { $0.object.compactMapValues(\.string) }
    }

    /// Every job's last scrape; jobs that were not scraped yet are not in it.
    package func targets() async throws -> [Target] {
        try await data("targets", [("state", "active")])["activeTargets"]?.array.compactMap { entry in
            guard let job = entry["labels"]?["job"]?.string, let health = entry["health"]?.string,
                health != "unknown"
            else { return nil }
            return Target(job: job, isUp: health == "up", error: entry["lastError"]?.string ?? "")
        } ?? []
    }

    /// Waits until each job was scraped, and says how that went.
    ///
    /// A scrape that ran out of time says something about the machine and nothing about the body; the next one counts.
    package func waitUntilScraped(within limit: Duration = .seconds(90)) async throws -> [String: Target] {
        try await process.wait(for: "a scrape of \(jobs.count) jobs", within: limit) {
            let known = try await targets().filter { !$0.error.contains("deadline exceeded") }
            let byJob = Dictionary(known.map { ($0.job, $0) }) { _, last in last }
            return byJob.count == jobs.count ? byJob : nil
        }
    }

    private static func value(_ pair: JSONTree?) -> Double {
        switch pair?.array.last?.string {
        case "+Inf"?: .infinity
        case "-Inf"?: -.infinity
        case let text?: Double(text) ?? .nan
        case nil: .nan
        }
    }
}
