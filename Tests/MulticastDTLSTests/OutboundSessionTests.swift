import TestSupport
import Testing

@testable import MulticastDTLS

@Suite("Sealing")
struct OutboundSessionTests {
  @Test("sealed records are the vectors', byte for byte", arguments: CipherSuite.allCases, RecordEngine.allCases)
  func vectors(suite: CipherSuite, engine: RecordEngine) throws {
    // The others begin where wolfSSL cannot be told to: with an empty payload, or billions of records on.
    let records = Vectors.shared[suite].records.filter { $0.sequence == 0 }
    #expect(records.count == 2)
    for record in records {
      var session = try OutboundSession(
        makeKey(member: record.member, suite: suite, engine: engine), epoch: record.epoch)
      #expect(try session.seal(record.payload) == record.datagram)
    }
  }

  @Test(
    "records are what independent code makes, in any epoch and at any length", arguments: CipherSuite.allCases,
    RecordEngine.allCases)
  func independent(suite: CipherSuite, engine: RecordEngine) throws {
    for (member, epoch) in [(0, 1), (7, 3), (255, 65535)] as [(UInt8, UInt16)] {
      var session = try OutboundSession(
        makeKey(member: MemberID(rawValue: member), suite: suite, engine: engine), epoch: Epoch(epoch))
      for (sequence, count) in [1, 2, 31, 32, 33, 256, 1000, suite.maximumPayload].enumerated() {
        let record = IndependentRecord(
          member: member, sequence: UInt64(sequence), epoch: epoch, payload: (0..<count).map { UInt8($0 & 0xFF) })
        #expect(try session.seal(record.payload) == record.sealed(.ofVectors(suite)))
      }
    }
  }

  @Test(
    "an empty or too long message is refused, names the limit, and uses no number", arguments: CipherSuite.allCases,
    RecordEngine.allCases)
  func sizes(suite: CipherSuite, engine: RecordEngine) throws {
    var session = try OutboundSession(makeKey(suite: suite, engine: engine), epoch: .first)
    let limit = suite.maximumPayload
    #expect(throws: SendError.empty) { try session.seal([]) }
    #expect(throws: SendError.tooLong(count: limit + 1, limit: limit)) {
      try session.seal([UInt8](repeating: 0, count: limit + 1))
    }
    let record = try session.seal("Hello")
    #expect(record == IndependentRecord(member: 0, text: "Hello").sealed(.ofVectors(suite)))
  }

  @Test("the longest record has 1388 bytes", arguments: CipherSuite.allCases, RecordEngine.allCases)
  func longest(suite: CipherSuite, engine: RecordEngine) throws {
    var session = try OutboundSession(makeKey(suite: suite, engine: engine), epoch: .first)
    #expect(try session.seal([UInt8](repeating: 0, count: suite.maximumPayload)).count == 1388)
  }

  @Test("an epoch ends at its limit")
  func limit() throws {
    var session = try OutboundSession(makeKey(), epoch: .first, limit: 3)
    for _ in 0..<3 {
      let isExhausted = session.isExhausted
      #expect(!isExhausted)
      _ = try session.seal("Hello")
    }
    let isExhausted = session.isExhausted
    #expect(isExhausted)
  }

  @Test("a record that could not be sent is gone, and the next message is whole", arguments: RecordEngine.allCases)
  func failedSend(engine: RecordEngine) throws {
    var session = try OutboundSession(makeKey(engine: engine), epoch: .first)
    _ = try session.seal("a message that is lost")
    let expected = IndependentRecord(member: 0, sequence: 1, text: "the next one, which is longer than that")
    #expect(try session.seal(expected.payload) == expected.sealed(.ofVectors(.wdmNullSHA256)))
  }
}
