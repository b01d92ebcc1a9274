import TestSupport
import Testing

@testable import MulticastDTLS

/// Tests with members that send with one key of the ring and then with another.
@Suite("Following senders from key to key")
struct RingFollowingTests {
  private static let secrets = ["the first secret of the group", "the second secret of the group", "a third one"]
  /// Made once, since deriving keys is slow.
  private static let made = Result {
    let context = try DTLSContext(ownMember: 0, suite: .pskChaCha20Poly1305)
    return try secrets.map { try GroupKey(context, GroupSecret(text: $0)) }
  }

  private let start = BootInstant.now
  private let ring: [GroupKey]
  private let keys: [RecordKeys]
  /// Each keeps the positions of the members under its key.
  private let opening: [OpeningKey]
  private let receiver: TestReceiver

  init() throws {
    let ring = try Self.made.get()
    self.ring = ring
    keys = Self.secrets.map { RecordKeys(secret: $0, .pskChaCha20Poly1305) }
    opening = try ring.map { try OpeningKey($0) }
    receiver = TestReceiver(Array(opening[..<2]), sent: SentRecords(port: 9))
  }

  private func accept(_ indices: Int...) {
    receiver.accept(indices.map { opening[$0] })
  }

  /// The outcome of a record of a member: its properties if it is delivered, or the reason of its rejection.
  private func open(
    _ key: Int, _ epoch: UInt16, _ sequence: UInt64, member: UInt8 = 1, after delay: Duration = .zero
  ) -> String {
    let record = IndependentRecord(member: member, sequence: sequence, epoch: epoch, text: "Hello").sealed(keys[key])
    switch receiver.open(record, now: start + delay) {
    case .failure(let rejection): return rejection.reason.rawValue
    case .success(let arrival):
      #expect(arrival.keyID == ring[key].keyID)
      let told = [
        arrival.isKeyChange ? "key" : nil, arrival.isRestart ? "restart" : nil, arrival.isLate ? "late" : nil,
        arrival.isStraggler ? "straggler" : nil, arrival.lost == 0 ? nil : "lost \(arrival.lost)",
      ]
      return told.compactMap { $0 }.joined(separator: " ")
    }
  }

  @Test("records with any key of the ring are accepted in any epoch, and a change of key is reported once")
  func change() {
    #expect(open(0, 7, 0) == "")
    #expect(open(1, 1, 0) == "key")
    #expect(open(1, 1, 1) == "")
    #expect(open(1, 2, 0) == "restart")
    // The sender returns in a later epoch of the first key.
    #expect(open(0, 8, 0) == "key")
    #expect(open(0, 8, 1) == "")
    #expect(open(2, 1, 0) == "forged")
  }

  @Test("the first record of an epoch marks it as new, and no later or forged record does")
  func newEpochs() {
    func isNew(_ key: Int, _ epoch: UInt16, _ sequence: UInt64, member: UInt8 = 1) -> Bool {
      _ = open(key, epoch, sequence, member: member)
      return receiver.takeNewEpoch()
    }
    #expect(isNew(0, 7, 0) && !isNew(0, 7, 1) && !isNew(0, 6, 0))
    #expect(isNew(0, 7, 0, member: 2) && isNew(0, 8, 0) && !isNew(0, 7, 2))
    #expect(isNew(1, 1, 0) && !isNew(1, 1, 1) && !isNew(2, 1, 0))
  }

  @Test("each key has its own epochs and windows, so no record or epoch is accepted again")
  func replays() {
    #expect(open(0, 7, 0) == "")
    #expect(open(1, 1, 0) == "key")
    #expect(open(0, 7, 0) == "replayed")
    #expect(open(1, 1, 0) == "replayed")
    #expect(open(0, 6, 0) == "stale epoch")
    #expect(open(0, 8, 0) == "key")
    #expect(open(1, 1, 0) == "replayed")
    #expect(open(0, 7, 0) == "replayed")
    #expect(open(0, 7, 0, after: .seconds(2)) == "stale epoch")
  }

  @Test("late records with the former key are delivered, and do not move their sender back")
  func stragglers() {
    #expect(open(0, 7, 0) == "")
    #expect(open(0, 7, 3) == "lost 2")
    #expect(open(1, 1, 0) == "key")
    #expect(open(0, 7, 2) == "late straggler lost -1")
    #expect(open(0, 7, 4) == "straggler")
    #expect(open(1, 1, 1) == "")
    #expect(receiver.sendingKeys[1] == ring[1].keyID)
  }

  @Test("after a restart, the key of a sender heard with both keys is the one that it sends with now")
  func resumed() throws {
    let opening = try [(ring[0], try Epoch(7)), (ring[1], .first)].map { key, epoch in
      try OpeningKey(key, heardBefore: [1: ReplayPosition(epoch: epoch, next: 5)])
    }
    let receiver = TestReceiver(opening, sent: SentRecords(port: 9))
    func open(_ key: Int, _ epoch: UInt16, _ sequence: UInt64, after delay: Duration) throws -> Bool {
      let record = IndependentRecord(member: 1, sequence: sequence, epoch: epoch, text: "Hello").sealed(keys[key])
      return try receiver.open(record, now: start + delay).get().isKeyChange
    }
    #expect(throws: Rejection.self) { try open(0, 7, 4, after: .zero) }
    // An attacker has held back this record.
    #expect(try !open(0, 7, 5, after: .zero))
    #expect(receiver.sendingKeys[1] == ring[0].keyID)
    #expect(try !open(1, 1, 5, after: .milliseconds(500)))
    #expect(try open(1, 1, 6, after: .milliseconds(1500)))
    #expect(receiver.sendingKeys[1] == ring[1].keyID)
    #expect(throws: Rejection.self) { try open(0, 7, 5, after: .seconds(2)) }
  }

  @Test("losses across a change of key are counted if the sender was heard before")
  func lost() {
    #expect(open(0, 1, 0) == "")
    #expect(open(1, 1, 2) == "key lost 2")
    #expect(open(1, 1, 1) == "late lost -1")
    // For a sender never heard before, earlier numbers count as no loss.
    #expect(open(1, 1, 2, member: 2) == "")
  }

  @Test("a key removed from the ring is no longer accepted, and the positions under the others are kept")
  func dropped() {
    #expect(open(0, 7, 0) == "")
    #expect(open(1, 1, 0) == "key")
    accept(1)
    #expect(open(0, 7, 1) == "forged")
    #expect(open(1, 1, 0) == "replayed")
    #expect(open(1, 1, 1) == "")
    accept(1, 2)
    #expect(open(2, 1, 0) == "key")
    accept(2, 1)
    #expect(open(2, 1, 0) == "replayed")
    #expect(open(1, 1, 2) == "straggler")
  }

  @Test("a sender is heard at once under a new key, also in a lower epoch")
  func cameBack() {
    #expect(open(0, 900, 5) == "")
    accept(0, 1)
    accept(1)
    #expect(open(0, 901, 0) == "forged")
    #expect(open(1, 1, 0) == "key")
  }

  @Test("positions are kept for each key")
  func positions() throws {
    #expect(open(0, 7, 4) == "")
    #expect(open(1, 1, 0) == "key")
    #expect(open(1, 1, 8, member: 2) == "")
    #expect(
      receiver.positions == [
        ring[0].keyID: [1: ReplayPosition(epoch: try Epoch(7), next: 5)],
        ring[1].keyID: [1: ReplayPosition(epoch: .first, next: 1), 2: ReplayPosition(epoch: .first, next: 9)],
      ])
  }

  @Test("own records under either key are recognised, also if they loop back late")
  func own() throws {
    let sent = SentRecords(port: 7)
    for key in ring[..<2] { sent.prepare(key.keyID, epoch: .first) }
    let receiver = TestReceiver(Array(opening[..<2]), sent: sent)
    func record(_ key: Int, _ sequence: UInt64) -> [UInt8] {
      IndependentRecord(member: 0, sequence: sequence, text: "ours").sealed(keys[key])
    }
    func reason(_ record: [UInt8], port: UInt16 = 7) -> RejectionReason? {
      if case .failure(let rejection) = receiver.open(record, from: endpoint(1, port: port)) {
        rejection.reason
      } else {
        nil
      }
    }
    for sequence in 0..<300 as Range<UInt64> {
      try sent.remember(record(0, sequence), keyID: ring[0].keyID)
    }
    for sequence in 0..<2 as Range<UInt64> {
      try sent.remember(record(1, sequence), keyID: ring[1].keyID)
    }
    for sequence in [0, 1, 100, 256, 257, 299] as [UInt64] { #expect(reason(record(0, sequence)) == .own) }
    for sequence in [0, 1] as [UInt64] { #expect(reason(record(1, sequence)) == .own) }
    #expect(reason(record(0, 300)) == .duplicateID)
    #expect(reason(record(1, 2)) == .duplicateID)
    #expect(reason(record(0, 5), port: 8) == .duplicateID)
    #expect(reason(record(2, 0)) == .forged)
  }
}

@Suite("Groups with both suites")
struct OtherSuiteTests {
  @Test(
    "a record of the other suite is rejected at any length, and told from a forgery",
    arguments: CipherSuite.allCases)
  func told(suite: CipherSuite) throws {
    let receiver = try makeReceiver(suite: suite)
    func reason(_ datagram: [UInt8]) -> RejectionReason? {
      if case .failure(let rejection) = receiver.open(datagram) { rejection.reason } else { nil }
    }
    for count in [0, 1, 5, 15, 16, 17, 100, 1300] {
      let payload = [UInt8](repeating: 7, count: count)
      var record = IndependentRecord(member: 1, sequence: UInt64(count), payload: payload).sealed(
        .ofVectors(suite.other))
      #expect(reason(record) == .otherSuite, "\(count) bytes")
      record[record.count - 1] ^= 1
      #expect(record.count < 13 + suite.tagSize ? reason(record) == .malformed : reason(record) == .forged)
    }
    // A record of the other suite also shows a duplicate ID or an unknown member.
    for (member, expected) in [(0, RejectionReason.duplicateID), (9, .unknownMember)] as [(UInt8, RejectionReason)] {
      var record = IndependentRecord(member: member, payload: Array("Hello, everybody".utf8))
        .sealed(.ofVectors(suite.other))
      #expect(reason(record) == expected)
      record[record.count - 1] ^= 1
      #expect(reason(record) == .forged)
    }
    // These records have changed nothing for the member.
    #expect(reason(IndependentRecord(member: 1, payload: [1]).sealed(.ofVectors(suite))) == nil)
  }
}

@Suite("A flood of records of the other suite")
struct OtherSuiteLimitTests {
  @Test("a flood of the other suite is recognised 64 times a second, and the rest counts as forged")
  func few() throws {
    let receiver = try makeReceiver()
    let start = BootInstant.now
    var counts: [RejectionReason: Int] = [:]
    for sequence in 0..<1000 as Range<UInt64> {
      let record = IndependentRecord(member: 1, sequence: sequence, text: "Hello")
        .sealed(.ofVectors(.pskChaCha20Poly1305))
      // All but the last arrive within a second.
      let now = start + .milliseconds(sequence == 999 ? 1500 : 0)
      if case .failure(let rejection) = receiver.open(record, now: now) { counts[rejection.reason, default: 0] += 1 }
    }
    #expect(counts[.otherSuite] == 65)
    #expect(counts.values.reduce(0, +) == 1000)
  }
}

@Suite("Masked bytes")
struct MaskedBytesTests {
  @Test("masked bytes are lent unchanged, also repeatedly")
  func lent() {
    let masked = MaskedBytes(SecretBytes(copying: "a secret"))
    for _ in 0..<3 {
      let text = masked.withBytes { String(decoding: $0, as: UTF8.self) }
      #expect(text == "a secret")
    }
  }
}

@Suite("Key IDs")
struct KeyIDTests {
  @Test("a key ID is read in either case, with or without its hyphen")
  func read() throws {
    for text in ["9ab7-6d2d", "9AB76d2d", "9ab76d2d"] { #expect(try KeyID(text).description == "9ab7-6d2d") }
    #expect(try KeyID("0000-000f").description == "0000-000f")
    for text in ["", "9ab7", "9ab7-6d2", "9ab7-6d2dd", "9ab7-6d2g", "+9ab76d2", "９ab76d2d"] {
      #expect(throws: InvalidValue.self) { try KeyID(text) }
    }
  }
}
