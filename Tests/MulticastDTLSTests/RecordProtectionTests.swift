import TestSupport
import Testing

@testable import MulticastDTLS

@Suite("Record protection by libcrypto")
struct RecordProtectionTests {
  @Test("every vector is sealed byte for byte, authenticated and opened", arguments: CipherSuite.allCases)
  func vectors(suite: CipherSuite) throws {
    let key = try makeKey(suite: suite)
    let (sealing, opening) = (try key.makeProtection(.sealing), try key.makeProtection(.opening))
    let records = Vectors.shared[suite].records
    #expect(records.count == 5)
    for record in records {
      let unprotected = Array(record.datagram.prefix(13)) + record.payload + [UInt8](repeating: 0, count: suite.tagSize)
      #expect(seal(unprotected, sealing) == record.datagram)
      #expect(isAuthentic(record.datagram, opening))
      #expect(open(record.datagram, opening) == record.payload)
    }
  }

  @Test("a record with any flipped bit is not authentic and does not open", arguments: CipherSuite.allCases)
  func altered(suite: CipherSuite) throws {
    let opening = try makeKey(suite: suite).makeProtection(.opening)
    let original = IndependentRecord(member: 1, sequence: 7, text: "Hello").sealed(.ofVectors(suite))
    // The length gives the position of the tag. Validation checks it.
    for index in original.indices where index != 11 && index != 12 {
      for bit in 0..<8 {
        var altered = original
        altered[index] ^= 1 << UInt8(bit)
        #expect(!isAuthentic(altered, opening) && open(altered, opening) == nil)
      }
    }
    #expect(isAuthentic(original, opening) && open(original, opening) == Array("Hello".utf8))
  }

  @Test("a check does not change the record", arguments: CipherSuite.allCases)
  func checkOnly(suite: CipherSuite) throws {
    let opening = try makeKey(suite: suite).makeProtection(.opening)
    let original = IndependentRecord(member: 1, text: "Hello").sealed(.ofVectors(suite))
    let copy = original.map { $0 }
    #expect(isAuthentic(copy, opening))
    #expect(copy == original)
  }

  @Test(
    "a record that is too short for a tag, or longer than any record, is not authentic", arguments: CipherSuite.allCases
  )
  func sizes(suite: CipherSuite) throws {
    let opening = try makeKey(suite: suite).makeProtection(.opening)
    let record = IndependentRecord(member: 1, payload: []).sealed(.ofVectors(suite))
    #expect(isAuthentic(record, opening))
    for count in 0..<record.count { #expect(!isAuthentic(Array(record.prefix(count)), opening)) }
    let longest = RecordHeader.maximumRecord - RecordHeader.size - suite.tagSize
    for (count, isTaken) in [(longest, true), (longest + 1, false), (16_000, false)] {
      let record = IndependentRecord(member: 1, payload: [UInt8](repeating: 7, count: count)).sealed(.ofVectors(suite))
      #expect(isAuthentic(record, opening) == isTaken)
    }
  }

  @Test("both engines make the same records at each length", arguments: CipherSuite.allCases)
  func engines(suite: CipherSuite) throws {
    var libcrypto = try makeSealer(makeKey(suite: suite, engine: .libcrypto), epoch: .first)
    var wolfSSL = try makeSealer(makeKey(suite: suite, engine: .wolfSSL), epoch: .first)
    for count in Array(1...300) + [suite.maximumPayload] {
      let payload = (0..<count).map { UInt8($0 * 7 & 0xFF) }
      #expect(try libcrypto.seal(payload) == wolfSSL.seal(payload))
    }
  }

  @Test("if libcrypto does not seal a record, wolfSSL writes nothing, and the error names libcrypto")
  func failure() throws {
    // A protection for opening cannot encrypt.
    let key = try makeKey(suite: .pskChaCha20Poly1305)
    let session = try key.makeSession(epoch: .first, sender: nil, protection: key.makeProtection(.opening))
    var room = [UInt8](repeating: 0, count: RecordHeader.maximumRecord)
    let error = #expect(throws: LibcryptoError.self) {
      try Array("Hello".utf8).withUnsafeBytes { payload in
        try room.withUnsafeMutableBytes { try session.write(payload, into: $0) }
      }
    }
    #expect(
      error?.description.contains("EVP_Cipher") == true && error?.description.contains(LibcryptoLibrary.version) == true
    )
    #expect(room.allSatisfy { $0 == 0 })
  }

  @Test("if libcrypto's hook has another suite, wolfSSL writes nothing, and the error names the hook")
  func otherSuite() throws {
    let key = try makeKey(suite: .pskChaCha20Poly1305)
    let session = try key.makeSession(epoch: .first, sender: nil, protection: makeKey().makeProtection(.sealing))
    var room = [UInt8](repeating: 0, count: RecordHeader.maximumRecord)
    let error = #expect(throws: WolfSSLError.self) {
      try Array("Hello".utf8).withUnsafeBytes { payload in
        try room.withUnsafeMutableBytes { try session.write(payload, into: $0) }
      }
    }
    #expect(error?.description.contains("hook") == true, "\(String(describing: error))")
    #expect(room.allSatisfy { $0 == 0 })
  }

  private func seal(_ record: [UInt8], _ protection: RecordProtection) -> [UInt8]? {
    var record = record
    let count = record.count - 13 - protection.suite.tagSize
    let isSealed = record.withUnsafeMutableBufferPointer {
      UnsafeMutableBufferPointer(rebasing: $0[13...]).baseAddress.map { protection.seal($0, count: count) } ?? false
    }
    return isSealed ? record : nil
  }

  private func open(_ record: [UInt8], _ protection: RecordProtection) -> [UInt8]? {
    var record = record
    let size = record.count - 13
    let isOpened = record.withUnsafeMutableBufferPointer {
      UnsafeMutableBufferPointer(rebasing: $0[13...]).baseAddress.map { protection.open($0, size: size) } ?? false
    }
    return isOpened ? Array(record[13..<(record.count - protection.suite.tagSize)]) : nil
  }

  private func isAuthentic(_ record: [UInt8], _ protection: RecordProtection) -> Bool {
    record.withUnsafeBufferPointer { protection.isAuthentic($0) }
  }
}
