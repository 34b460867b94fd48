// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

/// Writes a client's requests: for the commands that talk to a hub.
package enum HTTPRequest {
    /// A request's bytes: `Host` first, then `headers`, then `Content-Length` if there is a body or the method demands one.
    ///
    /// - Parameter method: A token; `GET` is sent for anything else.
    /// - Parameter target: A path with or without a query, already escaped; `/` is sent for anything else.
    package static func encode(
        method: String = "GET",
        target: String,
        host: String,
        headers: [(String, String)] = [],
        body: [UInt8] = []
    ) -> [UInt8] {
        let bytes = Array(target.utf8)
        let isTarget = (try? HTTPTarget(bytes[...], method: method)) != nil
        let isMethod = ASCIISet.token.containsAll(method.utf8)
        var output: [UInt8] = []
        output.append(contentsOf: "\(isMethod ? method : "GET") \(isTarget ? target : "/") HTTP/1.1\r\n".utf8)
        HTTPFieldWriter.append("Host", host, to: &output)
        for (name, value) in headers { HTTPFieldWriter.append(name, value, to: &output) }
        if !body.isEmpty || method == "POST" || method == "PUT" || method == "PATCH" {
            HTTPFieldWriter.append("Content-Length", String(body.count), to: &output)
        }
        output.append(contentsOf: "\r\n".utf8)
        output.append(contentsOf: body)
        return output
    }
}
