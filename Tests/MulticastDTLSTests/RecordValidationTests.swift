import TestSupport
import Testing

@testable import MulticastDTLS

@Suite("Validation of records")
struct RecordValidationTests {
  private func validate(_ datagram: [UInt8]) -> RecordHeader? {
    RecordHeader(validating: datagram.span)
  }

  /// The reason that a receiver rejects a datagram; nil if it accepts it.
  private func reason(_ datagram: [UInt8]) throws -> RejectionReason? {
    if case .failure(let rejection) = try makeReceiver().open(datagram) { rejection.reason } else { nil }
  }

  private let good = IndependentRecord(member: 1, text: "Hello").sealed(.ofVectors(.wdmNullSHA256))

  @Test("the header of a good record is read")
  func valid() throws {
    let header = try #require(validate(good))
    #expect(header.member == 1 && header.epoch == 1 && header.sequence == 0 && header.length == 37)
  }

  struct Case: CustomTestStringConvertible {
    let testDescription: String
    let reason: RejectionReason
    var change: @Sendable (inout [UInt8]) -> Void

    init(_ testDescription: String, _ reason: RejectionReason, _ change: @escaping @Sendable (inout [UInt8]) -> Void) {
      self.testDescription = testDescription
      self.reason = reason
      self.change = change
    }
  }

  @Test(
    "an invalid datagram is rejected with its reason",
    arguments: [
      Case("an empty datagram", .foreign) { $0 = [] },
      Case("two bytes of a record", .foreign) { $0 = Array($0[..<2]) },
      Case("a datagram of another protocol", .foreign) { $0 = Array("GET / HTTP/1.1\r\n\r\n".utf8) },
      Case("a handshake record", .foreign) { $0[0] = 22 },
      Case("an alert", .foreign) { $0[0] = 21 },
      Case("a ChangeCipherSpec", .foreign) { $0[0] = 20 },
      Case("DTLS 1.0", .foreign) { $0[2] = 0xFF },
      Case("TLS 1.2", .foreign) { $0[1...2] = [3, 3] },
      Case("12 bytes", .malformed) { $0 = Array($0[..<12]) },
      Case("a header alone", .malformed) { $0 = Array($0[..<13]) },
      Case("the datagram that stops the C example: length 0", .malformed) {
        $0 = bytes("17fefd0001010000001001" + "0000")
      },
      Case("one byte less than any tag", .malformed) { $0 = header(length: 15) + [UInt8](repeating: 0, count: 15) },
      Case("a length one too high", .malformed) { $0[12] += 1 },
      Case("a length one too low", .malformed) { $0[12] -= 1 },
      Case("a byte too many", .malformed) { $0.append(0) },
      Case("1389 bytes", .malformed) { $0 = header(length: 1376) + [UInt8](repeating: 0, count: 1376) },
      Case("a datagram as long as UDP allows", .malformed) { $0 += [UInt8](repeating: 0, count: 65_507 - $0.count) },
      Case("a sequence of 2^32", .malformed) { $0[6] = 1 },
      Case("epoch 0", .malformed) { $0[4] = 0 },
    ])
  func rejected(_ rejected: Case) throws {
    var datagram = good
    rejected.change(&datagram)
    #expect(validate(datagram) == nil)
    #expect(try reason(datagram) == rejected.reason)
  }

  @Test(
    "a header with any epoch is valid",
    arguments: [(0, 2), (1, 0), (255, 255)])
  func epochs(high: UInt8, low: UInt8) throws {
    var datagram = good
    datagram[3...4] = [high, low]
    #expect(validate(datagram)?.epoch == UInt16(high) << 8 | UInt16(low))
  }

  @Test("the shortest and the longest record are valid", arguments: [16, 1375])
  func limits(length: Int) {
    #expect(validate(header(length: length) + [UInt8](repeating: 0, count: length))?.length == length)
  }

  @Test("random bytes do no harm, and only well-formed records are valid")
  func random() {
    var generator = SeededGenerator(seed: 2)
    for _ in 0..<50_000 {
      var datagram = [UInt8](repeating: 0, count: Int.random(in: 0...80, using: &generator))
      for index in datagram.indices { datagram[index] = .random(in: 0...255, using: &generator) }
      // Half of them begin like a record, since random bytes hardly ever pass the first rule.
      if Bool.random(using: &generator) {
        for (index, byte) in good.prefix(Int.random(in: 3...13, using: &generator)).enumerated()
        where index < datagram.count {
          datagram[index] = byte
        }
        if datagram.count >= 13, Bool.random(using: &generator) { datagram[12] = UInt8(datagram.count - 13) }
      }
      guard let header = validate(datagram) else { continue }
      #expect(datagram.count == header.length + 13 && header.length >= 16)
      #expect(header.epoch > 0)
    }
  }
}

/// A valid header with the given length.
private func header(length: Int) -> [UInt8] {
  [23, 0xFE, 0xFD, 0, 1, 1, 0, 0, 0, 0, 0, UInt8(length >> 8), UInt8(length & 0xFF)]
}
