// SPDX-License-Identifier: Apache-2.0
// Part of gohub.

import HubTesting
import HubWire
import Testing

@testable import HubNATS

@Suite("What JetStream answers")
struct JetStreamAnswerTests {
    private func read(_ text: String) -> Result<JetStreamAnswer, JetStreamAnswer.Failure> {
        Array(text.utf8).withUnsafeBytes { bytes in
            Result { () throws(JetStreamAnswer.Failure) in try JetStreamAnswer(bytes) }
        }
    }

    private func failure(_ text: String) -> JetStreamAnswer.Failure? {
        guard case .failure(let failure) = read(text) else { return nil }
        return failure
    }

    @Test(
        "what is no failure is an answer",
        arguments: ["{}", "[]", "null", "1e300", #"{"errors":{}}"#, #"{"stream":"S","seq":1}"#, #"["error"]"#]
    )
    func answers(text: String) {
        #expect(failure(text) == nil)
    }

    @Test(
        "a failure has a code and words, whatever stands in it",
        arguments: [
            (
                #"{"error":{"code":404,"err_code":10059,"description":"stream not found"}}"#, 404, 10_059,
                "stream not found"
            ),
            (#"{"error":{"code":1e300,"err_code":-1e300,"description":7}}"#, 0, 0, "an error without a description"),
            (#"{"error":{"code":1.5,"err_code":"1","description":null}}"#, 0, 0, "an error without a description"),
            (#"{"error":{"code":9223372036854775807}}"#, 0, 0, "an error without a description"),
            (#"{"error":{"code":-5}}"#, -5, 0, "an error without a description"),
            (#"{"error":null}"#, 0, 0, "an error without a description"),
            (#"{"error":[]}"#, 0, 0, "an error without a description"),
            (#"{"error":7}"#, 0, 0, "an error without a description"),
            (#"{"error":{"code":1},"error":{"code":2}}"#, 2, 0, "an error without a description"),
        ]
    )
    func failures(text: String, code: Int, number: Int, words: String) throws {
        let failure = try #require(self.failure(text))
        #expect(failure.code == code)
        #expect(failure.number == number)
        #expect(failure.description == words)
    }

    @Test("what is no JSON is a failure", arguments: ["", "{", "rubbish", "{}x", "\u{0}", #"{"a":01}"#, "[[[["])
    func rubbish(text: String) {
        #expect(failure(text)?.description.hasPrefix("it is no JSON") == true)
        #expect(failure(text)?.isStreamMissing == false)
    }

    @Test("what is nested too deeply is a failure, and no overflow")
    func depth() {
        #expect(failure(String(repeating: "[", count: 100_000)) != nil)
        #expect(failure(String(repeating: #"{"a":"#, count: 100_000)) != nil)
        #expect(failure(String(repeating: "[", count: 64) + String(repeating: "]", count: 64)) == nil)
    }

    @Test("failures that are acted on are known by their numbers")
    func numbers() {
        #expect(JetStreamAnswer.Failure(code: 404, number: 10_059, description: "").isStreamMissing)
        #expect(JetStreamAnswer.Failure(code: 404, number: 10_014, description: "").isConsumerMissing)
        #expect(JetStreamAnswer.Failure(code: 400, number: 10_058, description: "").isNameInUse)
        #expect(!JetStreamAnswer.Failure(code: 404, number: 0, description: "").isStreamMissing)
    }

    @Test(
        "a publication was stored when the answer names a stream and a place",
        arguments: [
            (#"{"stream":"S","seq":1}"#, true), (#"{"stream":"S", "seq":1,"duplicate": true}"#, false),
            (#"{"stream":"S","domain":"d", "seq":1}"#, true), (#"{"stream":"S", "seq":1,"domain":"d"}"#, true),
            (#"{"stream":"S","seq":1,"duplicate":false}"#, true),
            (#"{"seq":1,"stream":"S"}"#, true), (#" {"stream":"S","domain":"d","seq":1}"#, true), ("{}", false),
            ("[]", false), ("", false), ("1", false), (#"{"stream":7}"#, false), (#"{"stream":null}"#, false),
            (#"{"error":{"code":503},"stream":"S","seq":0}"#, false),
        ]
    )
    func receipts(text: String, isStored: Bool) {
        let fault = Array(text.utf8).withUnsafeBytes { JetStreamAnswer.fault(ofReceipt: $0) }
        #expect((fault == nil) == isStored)
    }

    @Test("what a server tells of a consumer is read")
    func consumer() throws {
        let text = """
            {"name":"a-1","config":{"description":"a node of gohub","max_batch":10},
            "delivered":{"consumer_seq":7,"stream_seq":9},"num_ack_pending":2,"num_pending":3,"num_waiting":1}
            """
        let info = ConsumerInfo(try JSONTree(parsing: Array(text.utf8)))
        #expect(info.name == "a-1")
        #expect(info.description == ConsumerDefinition.description)
        #expect((info.deliveries, info.deliveredSequence) == (7, 9))
        #expect((info.ackPending, info.pending, info.waiting, info.maxBatch) == (2, 3, 1, 10))
    }

    @Test(
        "a consumer that does not bring all messages, or is acknowledged in another way, is of no use",
        arguments: [
            (#"{"ack_policy":"all"}"#, true), (#"{"ack_policy":"all","filter_subject":"","headers_only":false}"#, true),
            (#"{"ack_policy":"all","filter_subjects":[]}"#, true), (#"{"ack_policy":"explicit"}"#, false),
            ("{}", false),
            (#"{"ack_policy":"all","filter_subject":"a"}"#, false),
            (#"{"ack_policy":"all","filter_subjects":["a"]}"#, false),
            (#"{"ack_policy":"all","headers_only":true}"#, false),
            (#"{"ack_policy":"all","deliver_subject":"a"}"#, false),
        ]
    )
    func usable(config: String, isUsable: Bool) throws {
        #expect(ConsumerInfo(try JSONTree(parsing: Array("{\"config\":\(config)}".utf8))).isUsable == isUsable)
    }

    @Test(
        "what is odd in it counts for nothing",
        arguments: [
            "{}", "[]", "null", "7", #"{"name":7,"config":[],"delivered":7,"num_waiting":"1"}"#,
            #"{"num_waiting":-1,"num_pending":1.5,"num_ack_pending":1e300,"delivered":{"stream_seq":-1e300}}"#,
            #"{"config":{"description":null,"max_batch":0},"delivered":{"consumer_seq":18446744073709551616}}"#,
            #"{"config":{"max_batch":-1}}"#, #"{"config":{"max_batch":1e300}}"#,
        ]
    )
    func odd(text: String) throws {
        let info = ConsumerInfo(try JSONTree(parsing: Array(text.utf8)))
        #expect(info.name.isEmpty && info.description.isEmpty)
        #expect((info.deliveries, info.deliveredSequence) == (0, 0))
        #expect((info.ackPending, info.pending, info.waiting) == (0, 0, 0))
        #expect(info.maxBatch == nil)
    }
}
