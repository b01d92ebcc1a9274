import TestSupport
import Testing

@testable import MulticastDTLS

@Suite("Sealing records")
struct SealerTests {
  @Test("sealed records equal the vectors, byte for byte", arguments: CipherSuite.allCases, RecordEngine.allCases)
  func vectors(suite: CipherSuite, engine: RecordEngine) throws {
    // wolfSSL cannot seal the other vectors: they have an empty payload, or a sequence of billions.
    let records = Vectors.shared[suite].records.filter { $0.sequence == 0 }
    #expect(records.count == 2)
    for record in records {
      var sealer = try makeSealer(
        makeKey(member: record.member, suite: suite, engine: engine), epoch: record.epoch)
      #expect(try sealer.seal(record.payload) == record.datagram)
    }
  }

  @Test(
    "sealed records equal those of independent code, in any epoch and at any length", arguments: CipherSuite.allCases,
    RecordEngine.allCases)
  func independent(suite: CipherSuite, engine: RecordEngine) throws {
    for (member, epoch) in [(0, 1), (7, 3), (255, 65535)] as [(UInt8, UInt16)] {
      var sealer = try makeSealer(
        makeKey(member: MemberID(rawValue: member), suite: suite, engine: engine), epoch: Epoch(epoch))
      for (sequence, count) in [1, 2, 31, 32, 33, 256, 1000, suite.maximumPayload].enumerated() {
        let record = IndependentRecord(
          member: member, sequence: UInt64(sequence), epoch: epoch, payload: (0..<count).map { UInt8($0 & 0xFF) })
        #expect(try sealer.seal(record.payload) == record.sealed(.ofVectors(suite)))
      }
    }
  }

  @Test("the longest record has 1388 bytes", arguments: CipherSuite.allCases, RecordEngine.allCases)
  func longest(suite: CipherSuite, engine: RecordEngine) throws {
    var sealer = try makeSealer(makeKey(suite: suite, engine: engine), epoch: .first)
    #expect(try sealer.seal([UInt8](repeating: 0, count: suite.maximumPayload)).count == 1388)
  }

  @Test("an epoch ends at its limit")
  func limit() throws {
    var sealer = try makeSealer(makeKey(), limit: 3)
    for _ in 0..<3 {
      let isExhausted = sealer.isExhausted
      #expect(!isExhausted)
      _ = try sealer.seal("Hello")
    }
    let isExhausted = sealer.isExhausted
    #expect(isExhausted)
  }

  @Test(
    "after a record that was not sent, the next message has the next number and is whole",
    arguments: RecordEngine.allCases)
  func failedSend(engine: RecordEngine) throws {
    var sealer = try makeSealer(makeKey(engine: engine), epoch: .first)
    _ = try sealer.seal("a message that is lost")
    let expected = IndependentRecord(member: 0, sequence: 1, text: "the next one, which is longer than that")
    #expect(try sealer.seal(expected.payload) == expected.sealed(.ofVectors(.wdmNullSHA256)))
  }
}

@Suite("Sealing across epochs")
struct SealerEpochTests {
  private func hold(_ epoch: Epoch, secret: String = Vectors.shared.secret) throws -> RingKey {
    try makeRingKey(makeKey(secret: secret), epoch: epoch)
  }

  @Test("a used-up epoch is followed by the next, with numbers from 0 and without a lost message")
  func rollOver() throws {
    var sealer = try Sealer(hold(.first), recordLimit: 3)
    for number in 0..<10 as Range<UInt64> {
      let expected = IndependentRecord(
        member: 0, sequence: number % 3, epoch: UInt16(1 + number / 3), text: "message \(number)")
      #expect(try sealer.seal("message \(number)") == expected.sealed(.ofVectors(.wdmNullSHA256)))
    }
  }

  @Test("a change of key begins the epoch of the new key, with numbers from 0")
  func change() throws {
    let (first, second) = (try hold(Epoch(5)), try hold(Epoch(9), secret: "another secret of the group"))
    let keys = [
      RecordKeys.ofVectors(.wdmNullSHA256), RecordKeys(secret: "another secret of the group", .wdmNullSHA256),
    ]
    var sealer = try Sealer(first)
    func expect(_ key: Int, _ epoch: UInt16, _ sequence: UInt64) throws {
      let record = IndependentRecord(member: 0, sequence: sequence, epoch: epoch, text: "Hello")
      #expect(try sealer.seal("Hello") == record.sealed(keys[key]))
    }
    try expect(0, 5, 0)
    try sealer.move(to: second, epoch: second.keeper.reserveEpoch())
    #expect(sealer.keyID == second.keyID)
    try expect(1, 9, 0)
    try expect(1, 9, 1)
    try sealer.move(to: first, epoch: first.keeper.reserveEpoch())
    try expect(0, 6, 0)
  }

  @Test("after the last epoch, sealing is an error that says to change the secret")
  func end() throws {
    var sealer = try Sealer(hold(.last), recordLimit: 2)
    for _ in 0..<2 { _ = try sealer.seal("Hello") }
    for _ in 0..<2 {
      let error = #expect(throws: StateError.self) { try sealer.seal("Hello") }
      #expect(error?.description.contains("new secret") == true)
    }
  }

  @Test("a batch ends with its epoch, and its records have consecutive numbers")
  func batches() throws {
    var sealer = try Sealer(hold(.first), recordLimit: 5)
    let messages = (0..<12).map { Array("message \($0)".utf8) }
    var (sealed, batches) = (0, [String]())
    while sealed < messages.count {
      if let failure = sealer.seal(messages[sealed...]) { throw failure }
      var number = sealer.first
      sealer.batch.forEach { record in
        let expected = IndependentRecord(
          member: 0, sequence: number, epoch: sealer.epoch.rawValue, payload: messages[sealed])
        #expect(Array(record) == expected.sealed(.ofVectors(.wdmNullSHA256)))
        (number, sealed) = (number + 1, sealed + 1)
      }
      batches.append("\(sealer.epoch): \(sealer.first)..<\(number)")
      sealer.clear()
    }
    #expect(batches == ["1: 0..<5", "2: 0..<5", "3: 0..<2"])
  }

  @Test("a signed batch ends with its epoch, and the messages after it have a tree of their own")
  func signedBatches() throws {
    let identity = try makeIdentity((9..<41).map { $0 })
    let key = try makeSignedKey()
    var sealer = try Sealer(makeRingKey(key), identity: identity, recordLimit: 5)
    let receiver = try makeSignedReceiver([0: identity.publicKey])
    let messages = (0..<12).map { Array("message \($0)".utf8) }
    var (sealed, depths) = (0, [UInt8]())
    while sealed < messages.count {
      if let failure = sealer.seal(messages[sealed...]) { throw failure }
      sealer.batch.forEach { datagram in
        guard case .success(let record) = receiver.open(Array(datagram)) else { return }
        #expect(receiver.payload(of: record) == messages[sealed])
        let payload = IndependentRecord(opening: Array(datagram), with: .ofVectors(.wdmNullSHA256))?.payload
        depths.append((payload?.last ?? 0) & 7)
        sealed += 1
      }
      sealer.clear()
    }
    #expect(depths == [3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 1, 1])
  }

  @Test("without an identity, nothing is sealed under a secret that requires signatures, and the former key stays")
  func noIdentity() throws {
    #expect(throws: SigningError.noIdentity) { _ = try Sealer(makeRingKey(makeSignedKey())) }
    var sealer = try Sealer(hold(.first))
    let signed = try makeRingKey(makeSignedKey(secret: "signed:another secret, of a signed group"))
    #expect(throws: SigningError.noIdentity) { try sealer.move(to: signed, epoch: .first) }
    let expected = IndependentRecord(member: 0, text: "Hello").sealed(.ofVectors(.wdmNullSHA256))
    #expect(try sealer.seal("Hello") == expected)
    sealer.sign(as: try makeIdentity((9..<41).map { $0 }))
    try sealer.move(to: signed, epoch: .first)
    #expect(sealer.maximumMessage == 1156)
  }

  @Test("the largest signed message fits a record, in a full batch as well as alone", arguments: CipherSuite.allCases)
  func largest(_ suite: CipherSuite) throws {
    let identity = try makeIdentity((9..<41).map { $0 })
    let key = try makeSignedKey(suite: suite)
    var sealer = try Sealer(makeRingKey(key), identity: identity)
    let receiver = try makeSignedReceiver([0: identity.publicKey], suite: suite)
    #expect(key.maximumMessage == (suite.isEncrypted ? 1172 : 1156))
    for count in [1, 128] {
      let messages = [[UInt8]](repeating: [UInt8](repeating: 7, count: key.maximumMessage), count: count)
      #expect(sealer.seal(messages[...]) == nil)
      var delivered = 0
      sealer.batch.forEach { datagram in
        if case .success(let record) = receiver.open(Array(datagram)), record.count == key.maximumMessage {
          delivered += 1
        }
      }
      #expect(delivered == count)
      sealer.clear()
    }
  }
}
