// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubWire

/// What must hold of JSON and of the client protocol: all ways of reading a text agree, and a value passes untouched.
package enum JSONFuzzer {
    package static func run(_ bytes: UnsafeRawBufferPointer) throws(FuzzFailure) {
        let fault = fault { () throws(JSONError) in try JSONReader.validate(bytes) }
        try checkEncoding(bytes, fault)
        try checkWalk(bytes, fault)
        try checkTree(of: bytes, fault)
        if fault == nil {
            try checkStrings(in: bytes)
            try checkInteger(bytes)
            try checkPassage(of: bytes)
        }
        try checkMessage(bytes, fault)
        try checkBinary(bytes)
    }

    /// What is accepted is UTF-8; and what is UTF-8 is read the same by who trusts it.
    private static func checkEncoding(_ bytes: UnsafeRawBufferPointer, _ fault: JSONError?) throws(FuzzFailure) {
        let isUTF8 = UTF8Validator.isValid(bytes)
        try FuzzFailure.require(
            isUTF8 || bytes.isEmpty || fault?.code == .badUTF8,
            "only UTF-8 is read: \(fault as Any)"
        )
        let trusting = Self.fault { () throws(JSONError) in try JSONReader.validate(bytes, as: .validUTF8) }
        try FuzzFailure.require(!isUTF8 || trusting == fault, "trust changes nothing: \(fault as Any)")
    }

    /// Who walks the members sees the same fault as who validates, or that it is no object.
    private static func checkWalk(_ bytes: UnsafeRawBufferPointer, _ fault: JSONError?) throws(FuzzFailure) {
        var end = 0
        var isOrdered = true
        let walked = Self.fault { () throws(JSONError) in
            try JSONReader.members(of: bytes) { _, value in
                isOrdered = isOrdered && value.lowerBound > end && value.upperBound <= bytes.count && !value.isEmpty
                end = value.upperBound
            }
        }
        try FuzzFailure.require(isOrdered, "values stand behind each other")
        let isObject = trimmed(bytes).first == UInt8(ascii: "{")
        let expected = fault == nil && !isObject ? JSONError(.notAnObject, at: 0) : fault
        try FuzzFailure.require(walked == expected, "walking: \(walked as Any), validating: \(expected as Any)")
    }

    /// Who reads all of it sees the same fault as who validates, and the same members as who walks.
    private static func checkTree(of bytes: UnsafeRawBufferPointer, _ fault: JSONError?) throws(FuzzFailure) {
        var tree = JSONTree.null
        let refused = Self.fault { () throws(JSONError) in tree = try JSONTree(bytes) }
        try FuzzFailure.require(refused == fault, "as a tree: \(refused as Any), validating: \(fault as Any)")
        var keys: Set<String> = []
        _ = Self.fault { () throws(JSONError) in
            try JSONReader.members(of: bytes) { (key, _) throws(JSONError) in keys.insert(try key.decoded()) }
        }
        if fault == nil { try FuzzFailure.require(Set(tree.object.keys) == keys, "a tree has all members") }
        // Whatever numbers there are, none is taken for a count that it is not.
        if let count = tree.count { try FuzzFailure.require(tree.number == Double(count), "a count is its number") }
    }

    /// Every key and every string of an accepted object decodes, and is the same after writing and reading it.
    private static func checkStrings(in bytes: UnsafeRawBufferPointer) throws(FuzzFailure) {
        guard trimmed(bytes).first == UInt8(ascii: "{") else { return }
        var strings: [String] = []
        var objects: [Range<Int>] = []
        let fault = Self.fault { () throws(JSONError) in
            var members = try JSONMembers(of: bytes, as: .validUTF8)
            while let key = try members.nextKey() {
                strings.append(try key.decoded())
                var again = members
                if let text = try again.string() { strings.append(try text.decoded()) }
                objects.append(try members.value())
            }
        }
        try FuzzFailure.require(fault == nil, "what is accepted decodes: \(fault as Any)")
        for text in strings {
            let object = Array("{".utf8) + EncodedString(text).bytes + Array(":0}".utf8)
            let again = try firstKey(of: object)
            try FuzzFailure.require(
                again.utf8.elementsEqual(text.utf8),
                "a string comes back: \(text.debugDescription)"
            )
        }
        for object in objects {
            try checkStrings(in: UnsafeRawBufferPointer(rebasing: bytes[object]))
        }
    }

    private static func firstKey(of object: [UInt8]) throws(FuzzFailure) -> String {
        var text: String?
        let fault = object.withUnsafeBytes { object in
            Self.fault { () throws(JSONError) in
                var members = try JSONMembers(of: object, as: .untrusted)
                if let key = try members.nextKey() { text = try key.decoded() }
            }
        }
        guard let text else { throw FuzzFailure("what was written is read: \(fault as Any)") }
        return text
    }

    /// An integer is one exactly if the standard library reads it as one.
    private static func checkInteger(_ bytes: UnsafeRawBufferPointer) throws(FuzzFailure) {
        let text = trimmed(bytes)
        let expected = Int64(String(decoding: text, as: UTF8.self))
        try FuzzFailure.require(JSONReader.integer(text) == expected, "as an integer: \(expected as Any)")
    }

    /// A value goes through a request and a delivery byte for byte, unless it is nested too deeply for the objects around.
    private static func checkPassage(of value: UnsafeRawBufferPointer) throws(FuzzFailure) {
        let room = JSONReader.maximumDepth - 2
        let isTooDeep = fault { () throws(JSONError) in try JSONReader.validate(value, maximumDepth: room) } != nil
        var request: [UInt8] = []
        ClientRequest.publish(topic: "t", payload: value, messageID: 7, timestamp: 9, to: &request)
        var payload: [UInt8] = []
        let refused = try reading(request) { (bytes) throws(MessageError) in
            let data = try ClientMessage.parse(bytes).requiredData(in: bytes)
            payload = Array(data[try PublishRequest.parse(data).payload])
        }
        try FuzzFailure.require((refused != nil) == isTooDeep, "passing on: \(refused as Any)")
        if isTooDeep { return }
        try FuzzFailure.require(payload.elementsEqual(trimmed(value)), "the payload of a request is untouched")

        var message: [UInt8] = []
        payload.withUnsafeBytes { payload in
            HubMessage.message(topic: "t", payload: payload, from: "f", timestamp: 9, to: &message)
        }
        var delivered: [UInt8] = []
        let undelivered = try reading(message) { (bytes) throws(MessageError) in
            let data = try ClientMessage.parse(bytes).requiredData(in: bytes)
            delivered = Array(data[try DeliveryData.parse(data).payload])
        }
        try FuzzFailure.require(undelivered == nil && delivered == payload, "the payload of a delivery is untouched")
    }

    /// A message is accepted only if it is an object, and whatever its data, the requests are read or refused properly.
    private static func checkMessage(_ bytes: UnsafeRawBufferPointer, _ fault: JSONError?) throws(FuzzFailure) {
        var data: [UInt8] = []
        let refused = try reading(Array(bytes)) { (bytes) throws(MessageError) in
            let message = try ClientMessage.parse(bytes, as: .untrusted)
            if message.data != nil { data = Array(try message.requiredData(in: bytes)) }
        }
        try FuzzFailure.require(fault == nil || refused != nil, "what is no JSON is no message")
        try FuzzFailure.require(refused == nil || refused?.code == .badMessage, "what is refused is a bad message")
        var topics: [TopicName] = []
        _ = try reading(data) { (data) throws(MessageError) in topics.append(try TopicRequest.parse(data).topicName) }
        _ = try reading(data) { (data) throws(MessageError) in topics.append(try PublishRequest.parse(data).topicName) }
        _ = try reading(data) { (data) throws(MessageError) in
            topics.append(try TopicName.unicast(to: UnicastRequest.parse(data).clientID))
        }
        for topic in topics {
            let controls = topic.text.unicodeScalars.contains { $0.properties.generalCategory == .control }
            try FuzzFailure.require(
                (1...255).contains(topic.text.utf8.count) && !controls,
                "topics are checked: \(topic)"
            )
        }
    }

    /// A binary message that is accepted is what would be written of it.
    private static func checkBinary(_ bytes: UnsafeRawBufferPointer) throws(FuzzFailure) {
        var written: [UInt8] = []
        let refused = try reading(Array(bytes)) { (bytes) throws(MessageError) in
            let publish = try BinaryPublish.parse(bytes)
            let payload = UnsafeRawBufferPointer(rebasing: bytes[publish.payload])
            BinaryPublish.append(topic: publish.topicName, payload: payload, to: &written)
        }
        try FuzzFailure.require(refused != nil || written.elementsEqual(bytes), "a binary message comes back")
    }

    /// Runs a reader of the client protocol; gives its refusal, which a client must be able to read.
    private static func reading(
        _ bytes: [UInt8],
        _ body: (UnsafeRawBufferPointer) throws(MessageError) -> Void
    ) throws(FuzzFailure) -> MessageError? {
        let refusal = bytes.withUnsafeBytes { bytes -> MessageError? in
            do throws(MessageError) { try body(bytes) } catch { return error }
            return nil
        }
        guard let refusal else { return nil }
        var answer: [UInt8] = []
        HubMessage.error(refusal, timestamp: 9, to: &answer)
        let fault = answer.withUnsafeBytes { answer -> JSONError? in
            Self.fault { () throws(JSONError) in try JSONReader.validate(answer) }
        }
        try FuzzFailure.require(fault == nil, "a refusal can be read: \(fault as Any)")
        return refusal
    }

    private static func fault(_ body: () throws(JSONError) -> Void) -> JSONError? {
        do throws(JSONError) { try body() } catch { return error }
        return nil
    }

    /// A text without the white space around it.
    static func trimmed(_ bytes: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        let isSpace: (UInt8) -> Bool = { [0x20, 0x09, 0x0A, 0x0D].contains($0) }
        guard let start = bytes.firstIndex(where: { !isSpace($0) }), let end = bytes.lastIndex(where: { !isSpace($0) })
        else {
            return UnsafeRawBufferPointer(rebasing: bytes[..<0])
        }
        return UnsafeRawBufferPointer(rebasing: bytes[start...end])
    }
}
