import TestSupport
import Testing

@testable import MulticastDTLS

/// The attacker is a member: it has the group's secret, so that each record here is authentic.
@Suite("Signed records")
struct SignatureTests {
  private static let secret = Vectors.shared.secret
  private static let message = Array("message #5 of eight".utf8)

  private static func signer(_ suite: CipherSuite = .wdmNullSHA256) -> IndependentSigner {
    IndependentSigner(seed: (1...32).map { $0 }, secret: secret, suite)
  }

  private let key: PublicKey

  init() throws {
    key = try PublicKey(Self.signer().publicKey)
  }

  /// Eight records of member 1 in one tree, with the numbers 0 to 7.
  private func tree(_ suite: CipherSuite) -> [IndependentRecord] {
    let records = (0..<8).map { index in
      IndependentRecord(
        member: 1, sequence: index, payload: index == 5 ? Self.message : Array("message #\(index)".utf8))
    }
    return Self.signer(suite).sign(records, salt: [9, 8, 7, 6, 5, 4, 3, 2]).records
  }

  private func receiver(_ suite: CipherSuite, _ keys: [OpeningKey]? = nil) throws -> TestReceiver {
    let receiver = TestReceiver(
      try keys ?? [OpeningKey(makeSignedKey(member: 200, suite: suite))], sent: SentRecords(port: 9))
    receiver.verify(by: [1: MemberKeys(key), 2: MemberKeys(key)])
    return receiver
  }

  @Test(
    "a record with any bit of its payload changed is refused, and the true one is accepted after it",
    arguments: CipherSuite.allCases)
  func flippedCold(_ suite: CipherSuite) throws {
    let shared = try makeSignedKey(member: 200, suite: suite)
    let record = tree(suite)[5]
    for bit in 0..<record.payload.count * 8 {
      let receiver = try receiver(suite, [OpeningKey(shared)])
      var changed = record
      changed.payload[bit / 8] ^= 1 << (bit % 8)
      let refusal = reason(receiver.open(changed.sealed(.ofVectors(suite))))
      #expect(
        [.unsigned, .noKey, .notBySender].contains(refusal), "bit \(bit): \(refusal.map { "\($0)" } ?? "accepted")")
      #expect(reason(receiver.open(record.sealed(.ofVectors(suite)))) == nil, "bit \(bit)")
    }
  }

  @Test(
    "with the tree known, no changed message is delivered; bits of signature and path alone may be, with the true message",
    arguments: CipherSuite.allCases)
  func flippedWarm(_ suite: CipherSuite) throws {
    let shared = try makeSignedKey(member: 200, suite: suite)
    let records = tree(suite)
    let record = records[5]
    // The message and the last 11 bytes are looked at.
    let unseen = Self.message.count..<record.payload.count - 11
    var accepted = 0
    for bit in 0..<record.payload.count * 8 {
      let receiver = try receiver(suite, [OpeningKey(shared)])
      for index in [4, 0] { #expect(reason(receiver.open(records[index].sealed(.ofVectors(suite)))) == nil) }
      var changed = record
      changed.payload[bit / 8] ^= 1 << (bit % 8)
      switch receiver.open(changed.sealed(.ofVectors(suite))) {
      case .success(let opened):
        accepted += 1
        #expect(unseen.contains(bit / 8), "bit \(bit)")
        #expect(receiver.text(of: opened) == String(decoding: Self.message, as: UTF8.self))
        #expect(reason(receiver.open(record.sealed(.ofVectors(suite)))) == .replayed)
      case .failure:
        #expect(reason(receiver.open(record.sealed(.ofVectors(suite)))) == nil, "bit \(bit)")
      }
    }
    #expect(accepted > 0)
  }

  @Test("a record with any bit changed by somebody without the secret is refused before its signature is looked at")
  func outsider() throws {
    let shared = try makeSignedKey(member: 200)
    let datagram = tree(.wdmNullSHA256)[5].sealed(.ofVectors(.wdmNullSHA256))
    for bit in 0..<datagram.count * 8 {
      let receiver = try receiver(.wdmNullSHA256, [OpeningKey(shared)])
      var changed = datagram
      changed[bit / 8] ^= 1 << (bit % 8)
      let refusal = try #require(reason(receiver.open(changed)), "bit \(bit)")
      #expect([.forged, .malformed, .foreign].contains(refusal), "bit \(bit): \(refusal)")
    }
  }

  @Test("a signed message is refused under another epoch, member or number", arguments: CipherSuite.allCases)
  func swappedNumber(_ suite: CipherSuite) throws {
    for warm in [false, true] {
      for change in 0..<4 {
        let records = tree(suite)
        let receiver = try receiver(suite)
        if warm { #expect(reason(receiver.open(records[0].sealed(.ofVectors(suite)))) == nil) }
        var moved = records[5]
        switch change {
        case 0: moved.epoch = 2
        case 1: moved.member = 2
        case 2: moved.sequence = 6
        default: (moved.epoch, moved.sequence) = (65_535, 1 << 31)
        }
        #expect(reason(receiver.open(moved.sealed(.ofVectors(suite)))) == .notBySender, "\(change)")
        #expect(reason(receiver.open(records[5].sealed(.ofVectors(suite)))) == nil, "\(change)")
      }
    }
  }

  @Test("a signed message is refused under the other suite, and under the other secret of a ring")
  func swappedGroup() throws {
    let other = "another secret of this ring"
    for suite in CipherSuite.allCases {
      let keys = try [
        makeSignedKey(member: 200, suite: suite), makeSignedKey(member: 200, suite: suite, secret: other),
      ]
      let receiver = try receiver(suite, keys.map { try OpeningKey($0) })
      let record = IndependentRecord(member: 1, text: "of one group alone")
      func open(_ signer: IndependentSigner, secret: String) -> RejectionReason? {
        reason(receiver.open(signer.sign(record).sealed(RecordKeys(secret: secret, suite))))
      }
      let ofOtherSuite = Self.signer(CipherSuite.allCases.first { $0 != suite } ?? suite)
      let ofOtherSecret = IndependentSigner(seed: Self.signer().seed, secret: other, suite)
      #expect(open(ofOtherSuite, secret: Self.secret) == .notBySender)
      #expect(open(ofOtherSecret, secret: Self.secret) == .notBySender)
      #expect(open(Self.signer(suite), secret: other) == .notBySender)
      #expect(open(Self.signer(suite), secret: Self.secret) == nil)
    }
  }

  @Test("a signed message is refused with another depth or index, also where the path is made to fit")
  func swappedPlace() throws {
    let records = tree(.wdmNullSHA256)
    let keys = RecordKeys.ofVectors(.wdmNullSHA256)
    for warm in [false, true] {
      let receiver = try receiver(.wdmNullSHA256)
      if warm { #expect(reason(receiver.open(records[0].sealed(keys))) == nil) }
      let payload = records[5].payload
      for index in 0..<8 where index != 5 {
        var moved = records[5]
        moved.payload[payload.count - 3] = UInt8(index)
        #expect(reason(receiver.open(moved.sealed(keys))) == .notBySender, "index \(index)")
      }
      for depth in 0..<8 where depth != 3 {
        var moved = records[5]
        // The levels that are left of the path, or zeros for those that are missing.
        let path = payload[Self.message.count..<payload.count - 75] + [UInt8](repeating: 0, count: 64)
        moved.payload =
          Self.message + path.prefix(16 * depth) + payload.suffix(75).dropLast() + [0xE0 | UInt8(depth)]
        let expected: RejectionReason = depth < 3 && 5 >= 1 << depth ? .unsigned : .notBySender
        #expect(reason(receiver.open(moved.sealed(keys))) == expected, "depth \(depth)")
      }
      #expect(reason(receiver.open(records[5].sealed(keys))) == nil)
    }
  }

  @Test("a signature with the group's order added is refused")
  func secondSignature() throws {
    let receiver = try receiver(.wdmNullSHA256)
    let record = Self.signer().sign(IndependentRecord(member: 1, text: "signed once"))
    var changed = record
    // Little-endian: L = 2^252 + 27742317777372353535851937790883648493.
    let order = bytes("edd3f55c1a631258d69cf7a2def9de14") + [UInt8](repeating: 0, count: 15) + [0x10]
    let scalar = record.payload.count - 75 + 32
    var carry = 0
    for (index, byte) in order.enumerated() {
      carry += Int(record.payload[scalar + index]) + Int(byte)
      changed.payload[scalar + index] = UInt8(carry & 0xFF)
      carry >>= 8
    }
    #expect(reason(receiver.open(changed.sealed(.ofVectors(.wdmNullSHA256)))) == .notBySender)
    #expect(reason(receiver.open(record.sealed(.ofVectors(.wdmNullSHA256)))) == nil)
  }

  @Test("an unsigned message is refused as unsigned, also an empty one and one of any other size")
  func unsigned() throws {
    let receiver = try receiver(.wdmNullSHA256)
    for size in [0, 1, 74, 75, 200, 1343] {
      let record = IndependentRecord(member: 1, payload: [UInt8](repeating: 0x41, count: size))
      #expect(reason(receiver.open(record.sealed(.ofVectors(.wdmNullSHA256)))) == .unsigned, "\(size) bytes")
    }
    let short = IndependentRecord(member: 1, payload: [UInt8](repeating: 0xE0, count: 74))
    #expect(reason(receiver.open(short.sealed(.ofVectors(.wdmNullSHA256)))) == .unsigned)
  }

  @Test("an empty message can be signed")
  func empty() throws {
    for suite in CipherSuite.allCases {
      let record = Self.signer(suite).sign(IndependentRecord(member: 1, payload: []))
      #expect(try receiver(suite).open(record.sealed(.ofVectors(suite))).get().count == 0)
    }
  }

  @Test("a member without a key, and one with another key, are refused, and accepted once the roster has the key")
  func keys() throws {
    let receiver = try receiver(.wdmNullSHA256)
    let signer = IndependentSigner(seed: (3...34).map { $0 }, secret: Self.secret, .wdmNullSHA256)
    func open(_ member: UInt8, _ number: UInt64) -> RejectionReason? {
      let record = IndependentRecord(member: member, sequence: number, text: "hello")
      return reason(receiver.open(signer.sign(record).sealed(.ofVectors(.wdmNullSHA256))))
    }
    #expect(open(3, 0) == .noKey && open(1, 0) == .noKey)
    let own = try PublicKey(signer.publicKey)
    receiver.verify(by: [1: MemberKeys(key, own), 3: MemberKeys(own)])
    #expect(open(3, 0) == nil && open(1, 0) == nil)
    receiver.verify(by: [1: MemberKeys(key)])
    #expect(open(3, 1) == .noKey && open(1, 1) == .noKey)
  }

  @Test("messages of a known tree are refused once the roster no longer has the key that signed it")
  func removedKey() throws {
    let receiver = try receiver(.wdmNullSHA256)
    let records = tree(.wdmNullSHA256)
    let keys = RecordKeys.ofVectors(.wdmNullSHA256)
    #expect(reason(receiver.open(records[0].sealed(keys))) == nil)
    receiver.verify(by: [:])
    #expect(reason(receiver.open(records[1].sealed(keys))) == .noKey)
    receiver.verify(by: [1: MemberKeys(key)])
    #expect(reason(receiver.open(records[1].sealed(keys))) == nil)
  }
}
