// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// One thing that can be configured: its name, purpose, values and default, from which all else is derived.
///
/// The path gives the environment variable and the flag: `server.read_timeout` is `GOHUB_SERVER_READ_TIMEOUT` and
/// `--server-read-timeout`. The default is what a new ``Configuration`` holds.
package struct ConfigurationKey: Sendable {
    /// Where it stands in the file: `server.read_timeout`.
    package let path: String
    /// What it is for, in one sentence or two.
    package let purpose: String
    /// The kind of value: `duration`, `list of origins`.
    package let type: String
    /// The range, the choices or the form.
    package let allowed: String
    /// Every value, where these are a closed set.
    package let choices: [String]
    /// The default as the file would have it.
    package let defaultText: String
    /// The value in a configuration as the file would have it.
    let text: @Sendable (Configuration) -> String
    /// Whether it takes several values, separated by commas in the environment and in a flag.
    package let isList: Bool
    /// Reads a value into a configuration; a value that is not taken leaves the configuration as it was.
    let apply: @Sendable (YAMLNode, inout Configuration) -> [ValueProblem]

    /// The environment variable that sets it.
    package var environmentVariable: String { "GOHUB_" + path.uppercased().replacing(".", with: "_") }

    /// The flag that sets it, without its dashes.
    package var flag: String { path.replacing(".", with: "-").replacing("_", with: "-") }

    /// The path without its last part: `cluster.etcd`.
    package var section: String { path.lastIndex(of: ".").map { String(path[..<$0]) } ?? "" }

    /// The last part of the path.
    package var name: String { path.lastIndex(of: ".").map { String(path[$0...].dropFirst()) } ?? path }

    /// A key with one value.
    init<Value>(
        _ path: String,
        _ place: any WritableKeyPath<Configuration, Value> & Sendable,
        _ domain: Domain<Value>,
        _ purpose: String
    ) {
        self.init(path, \.self, place, domain, purpose)
    }

    /// A key of a section that stands at several places, such as `tls`.
    init<Section: Sendable, Value>(
        _ path: String,
        _ section: any WritableKeyPath<Configuration, Section> & Sendable,
        _ place: any WritableKeyPath<Section, Value> & Sendable,
        _ domain: Domain<Value>,
        _ purpose: String
    ) {
        let text: @Sendable (Configuration) -> String = { domain.write($0[keyPath: section][keyPath: place]) }
        let defaultText = text(Configuration())
        self.path = path
        self.purpose = purpose
        type = domain.type
        allowed = domain.allowed
        choices = domain.choices
        self.text = text
        self.defaultText = defaultText
        isList = false
        apply = { node, configuration in
            guard case .scalar(let scalar) = node.content else {
                return [ValueProblem(code: .wrongType, what: "\(node.kind) where one value is needed")]
            }
            if scalar.isNull { return [.null(default: defaultText)] }
            do throws(ValueProblem) {
                configuration[keyPath: section][keyPath: place] = try domain.read(scalar)
                return []
            } catch {
                return [error.completed(by: domain, example: defaultText)]
            }
        }
    }

    /// A key with a list of values.
    init<Value>(
        _ path: String,
        _ place: any WritableKeyPath<Configuration, [Value]> & Sendable,
        listOf domain: Domain<Value>,
        count: ClosedRange<Int>,
        _ purpose: String
    ) {
        self.path = path
        self.purpose = purpose
        let allowed = "\(count.lowerBound) to \(count.upperBound) of \(domain.allowed)"
        type = "list"
        self.allowed = allowed
        choices = []
        let text: @Sendable (Configuration) -> String = {
            "[" + $0[keyPath: place].map(domain.write).joined(separator: ", ") + "]"
        }
        let defaultText = text(Configuration())
        self.text = text
        self.defaultText = defaultText
        isList = true
        apply = { node, configuration in
            guard case .sequence(let items) = node.content else {
                if node.isNull { return [.null(default: defaultText)] }
                var problem = ValueProblem(code: .wrongType, what: "\(node.kind) where a list is needed")
                if case .scalar(let scalar) = node.content, count.contains(1), (try? domain.read(scalar)) != nil {
                    problem.hint = "did you mean [\(scalar.shown)]?"
                }
                return [problem]
            }
            var values: [Value] = []
            var problems: [ValueProblem] = []
            for item in items {
                guard case .scalar(let scalar) = item.content, !scalar.isNull else {
                    let what = item.isNull ? "an empty item" : "\(item.kind) in the list"
                    var problem = ValueProblem(code: .wrongType, what: what, line: item.line)
                    if case .scalar(let scalar) = item.content,
                        (try? domain.read(Scalar(text: scalar.text, style: .quoted))) != nil
                    {
                        problem.hint = "YAML takes it for no value: write \"\(scalar.text)\""
                    }
                    problems.append(problem)
                    continue
                }
                do throws(ValueProblem) {
                    values.append(try domain.read(scalar))
                } catch {
                    var problem = error.completed(by: domain)
                    problem.line = item.line
                    problems.append(problem)
                }
            }
            if !count.contains(items.count) {
                problems.append(ValueProblem(code: .outOfRange, what: "a list of \(items.count)"))
            }
            if problems.isEmpty { configuration[keyPath: place] = values }
            return problems
        }
    }

    /// The value of an environment variable or a flag, as if it stood in the file.
    func node(text: String) -> YAMLNode {
        guard isList else { return YAMLNode(line: 0, content: .scalar(Scalar(text: text, style: .argument))) }
        let items = text.isEmpty ? [] : text.split(separator: ",", omittingEmptySubsequences: false)
        return YAMLNode(
            line: 0,
            content: .sequence(
                items.map { item in
                    YAMLNode(line: 0, content: .scalar(Scalar(text: item.trimmingSpaces, style: .argument)))
                }
            )
        )
    }
}

extension ValueProblem {
    /// The problem with its whole hint: what was meant if the domain takes it, otherwise what is allowed.
    fileprivate func completed<Value>(by domain: Domain<Value>, example: String = "") -> ValueProblem {
        var problem = self
        if let meant, (try? domain.read(Scalar(text: meant, style: .plain))) != nil {
            problem.hint = "did you mean \(meant)\(meantNote)?"
        } else if wantsExample, !example.isEmpty {
            problem.hint += ", such as \(example)"
        }
        return problem
    }

    fileprivate static func null(default text: String) -> ValueProblem {
        ValueProblem(code: .wrongType, what: "no value", hint: "take the line out for the default, \(text)")
    }
}

extension StringProtocol {
    /// The text without spaces at its ends.
    fileprivate var trimmingSpaces: String {
        let start = drop { $0 == " " }
        return String(start.reversed().drop { $0 == " " }.reversed())
    }
}
