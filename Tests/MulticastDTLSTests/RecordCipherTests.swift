import TestSupport
import Testing

@testable import MulticastDTLS

@Suite("Records by libcrypto")
struct RecordCipherTests {
  @Test("every vector is sealed byte for byte, and opened", arguments: CipherSuite.allCases)
  func vectors(suite: CipherSuite) throws {
    let cipher = try makeKey(suite: suite).authenticator.makeCipher()
    let records = Vectors.shared[suite].records
    #expect(records.count == 5)
    for record in records {
      #expect(seal(record.payload, record.epoch, record.member, record.sequence, cipher) == record.datagram)
      #expect(try open(record.datagram, cipher) == record.payload)
    }
  }

  @Test(
    "a record of which any bit was changed does not open, and nothing of it is given out",
    arguments: CipherSuite.allCases)
  func altered(suite: CipherSuite) throws {
    let cipher = try makeKey(suite: suite).authenticator.makeCipher()
    let original = try #require(seal(Array("Hello".utf8), .first, 1, 7, cipher))
    // The length says where the tag is; admission sees to it.
    for index in original.indices where index != 11 && index != 12 {
      for bit in 0..<8 {
        var altered = original
        altered[index] ^= 1 << UInt8(bit)
        #expect(try open(altered, cipher) == nil)
      }
    }
    #expect(try open(original, cipher) == Array("Hello".utf8))
  }

  @Test("there is no record where there is no room for it, or for its tag", arguments: CipherSuite.allCases)
  func room(suite: CipherSuite) throws {
    let cipher = try makeKey(suite: suite).authenticator.makeCipher()
    let size = 13 + 5 + suite.tagSize
    #expect(seal(Array("Hello".utf8), .first, 1, 0, cipher, room: size - 1) == nil)
    let record = try #require(seal(Array("Hello".utf8), .first, 1, 0, cipher, room: size))
    #expect(try open(record, cipher, room: 4) == nil)
    var short = Array(record[..<(13 + suite.tagSize - 1)])
    (short[11], short[12]) = (0, UInt8(suite.tagSize - 1))
    #expect(try open(short, cipher) == nil)
  }

  @Test("both engines make the same records, at any length", arguments: CipherSuite.allCases)
  func engines(suite: CipherSuite) throws {
    var libcrypto = try OutboundSession(makeKey(suite: suite, engine: .libcrypto), epoch: .first)
    var wolfSSL = try OutboundSession(makeKey(suite: suite, engine: .wolfSSL), epoch: .first)
    for count in Array(1...300) + [suite.maximumPayload] {
      let payload = (0..<count).map { UInt8($0 * 7 & 0xFF) }
      let records = (try libcrypto.seal(payload), try wolfSSL.seal(payload))
      #expect(records.0 == records.1)
    }
  }

  private func seal(
    _ payload: [UInt8], _ epoch: Epoch, _ member: MemberID, _ sequence: UInt64, _ cipher: RecordCipher,
    room: Int = RecordHeader.maximumRecord
  ) -> [UInt8]? {
    var record = [UInt8](repeating: 0, count: room)
    let size = payload.withUnsafeBytes { payload in
      record.withUnsafeMutableBytes {
        cipher.seal(payload, epoch: epoch, member: member, sequence: sequence, into: $0)
      }
    }
    return size.map { Array(record[..<$0]) }
  }

  private func open(
    _ record: [UInt8], _ cipher: RecordCipher, room: Int = RecordHeader.maximumAccepted
  ) throws -> [UInt8]? {
    let read = RecordHeader(record.span)
    let header = try #require(read)
    var payload = [UInt8](repeating: 0, count: room)
    let count = record.withUnsafeBufferPointer { record in
      payload.withUnsafeMutableBytes { cipher.open(record, header: header, into: $0) }
    }
    if count == nil { #expect(payload.allSatisfy { $0 == 0 }) }
    return count.map { Array(payload[..<$0]) }
  }
}
