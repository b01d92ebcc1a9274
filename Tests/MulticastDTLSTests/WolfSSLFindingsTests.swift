import CWolfSSL
import TestSupport
import Testing

@testable import MulticastDTLS

/// One test for each hazard found in wolfSSL 5.5.4. The tests of the others are elsewhere: a failed send
/// (`SealerTests.failedSend`), the sizes (`SealerTests.longest`, `FollowingTests.longest`), the limit of 100 peers for
/// a session (`MulticastPeerTests.everyone`), a library without multicast (`ShimTests`,
/// `UsageTests.libraryWithoutMulticast`), and real processes under each killer (`WireTests.killers`).
@Suite("Hazards of wolfSSL")
struct WolfSSLFindingsTests {
  private func keys(_ suite: CipherSuite) -> RecordKeys { .ofVectors(suite) }

  private func open(_ receiver: TestReceiver, _ sequence: UInt64, epoch: UInt16 = 1, _ suite: CipherSuite) -> String {
    let record = IndependentRecord(member: 1, sequence: sequence, epoch: epoch, text: "message \(sequence)")
    switch receiver.open(record.sealed(keys(suite))) {
    case .success(let arrival): return receiver.text(of: arrival)
    case .failure(let rejection): return rejection.reason.rawValue
    }
  }

  @Test(
    "a session opens records, since its peer is added before the secret is set",
    arguments: CipherSuite.allCases, RecordEngine.allCases)
  func order(suite: CipherSuite, engine: RecordEngine) throws {
    #expect(open(try makeReceiver(suite: suite, engine: engine), 0, suite) == "message 0")
  }

  @Test(
    "a session opens the records of its member alone, since the other entries of the peer table are free again",
    arguments: CipherSuite.allCases, RecordEngine.allCases)
  func firstEntry(suite: CipherSuite, engine: RecordEngine) throws {
    let key = try OpeningKey(makeKey(suite: suite, engine: engine))
    for member in [0, 1, 99, 100, 255] as [UInt8] {
      let session = try key.makeSession(epoch: .first, sender: MemberID(rawValue: member))
      func read(_ sender: UInt8) -> String {
        var room = [UInt8](repeating: 0, count: 5)
        let record = IndependentRecord(member: sender, text: "Hello").sealed(keys(suite))
        let result = record.withUnsafeBufferPointer { record in
          room.withUnsafeMutableBytes { session.read(record, into: $0) }
        }
        return if case .payload(5) = result { String(decoding: room, as: UTF8.self) } else { "\(result)" }
      }
      for other in 0...255 as ClosedRange<UInt8> where other != member { #expect(read(other) == "refused") }
      #expect(read(member) == "Hello")
    }
  }

  enum Killer: String, CaseIterable {
    case lengthBelowTheTag = "the forged 13 bytes, whose length is below the tag's"
    case twelveBytes = "12 bytes, to be joined to the next datagram"
    case longerThanTheBuffer = "a record longer than the read buffer"
    case wrongVersion = "100 records with a wrong version"
    case alert = "authenticated alerts"
    case handshake = "an authenticated handshake record"
    case changeCipherSpec = "an authenticated ChangeCipherSpec"

    func datagrams(_ keys: RecordKeys) -> [[UInt8]] {
      func sealed(type: UInt8 = 23, version: [UInt8] = [0xFE, 0xFD], _ payload: [UInt8]) -> [UInt8] {
        var record = IndependentRecord(member: 1, sequence: 1, payload: payload)
        (record.type, record.version) = (type, version)
        return record.sealed(keys)
      }
      switch self {
      case .lengthBelowTheTag: return [bytes("17fefd00010100000010010000")]
      case .twelveBytes: return [bytes("17fefd000101000000000100")]
      case .longerThanTheBuffer: return [1401, 2000, 16_000].map { sealed([UInt8](repeating: 7, count: $0)) }
      case .wrongVersion: return Array(repeating: sealed(version: [0xFE, 0xFF], [1, 2, 3]), count: 100)
      case .alert: return [sealed(type: 21, [1, 0]), sealed(type: 21, [2, 20])]
      case .handshake: return [sealed(type: 22, [0] + [UInt8](repeating: 0, count: 11))]
      case .changeCipherSpec: return [sealed(type: 20, [1])]
      }
    }
  }

  @Test("no datagram makes a session deaf", arguments: CipherSuite.allCases, RecordEngine.allCases)
  func killers(suite: CipherSuite, engine: RecordEngine) throws {
    for killer in Killer.allCases {
      let receiver = try makeReceiver(suite: suite, engine: engine)
      #expect(open(receiver, 0, suite) == "message 0")
      for datagram in killer.datagrams(keys(suite)) {
        guard case .failure(let rejection) = receiver.open(datagram) else {
          Issue.record("delivered: \(killer.rawValue)")
          continue
        }
        #expect([.foreign, .malformed].contains(rejection.reason), "\(killer.rawValue)")
      }
      for sequence in 2..<20 as Range<UInt64> {
        #expect(open(receiver, sequence, suite) == "message \(sequence)", "\(killer.rawValue)")
      }
    }
  }

  @Test("a session without keys is an error, since a write to it would overrun the heap")
  func withoutKeys() throws {
    let context = try #require(wolfSSL_CTX_new(wolfDTLSv1_2_client_method()))
    defer { wolfSSL_CTX_free(context) }
    func nothing() -> MaskedBytes { MaskedBytes(SecretBytes(capacity: 0) { _ in 0 }) }
    let keys = KeyMaterial(
      preMasterSecret: nothing(), clientRandom: nothing(), serverRandom: nothing(), keyID: KeyID([0, 0, 0, 0]))
    let error = #expect(throws: WolfSSLError.self) {
      try Session(
        context: context, sender: nil, epoch: .first, suite: .wdmNullSHA256, keys: keys, protection: nil)
    }
    #expect(error?.description.contains("wolfSSL_set_secret") == true, "\(String(describing: error))")
  }

  @Test(
    "a rejected record does not affect the next one", arguments: CipherSuite.allCases,
    RecordEngine.allCases)
  func silent(suite: CipherSuite, engine: RecordEngine) throws {
    let receiver = try makeReceiver(suite: suite, engine: engine)
    for sequence in 0..<200 as Range<UInt64> {
      var forged = IndependentRecord(member: 1, sequence: sequence, text: "message \(sequence)").sealed(keys(suite))
      forged[forged.count - 1] ^= 1
      if case .success = receiver.open(forged) { Issue.record("delivered") }
      #expect(open(receiver, sequence, suite) == "message \(sequence)")
      #expect(open(receiver, sequence, suite) == RejectionReason.replayed.rawValue)
    }
  }

  @Test(
    "sequences from 2^32 on are rejected, since the replay window would fail there", arguments: CipherSuite.allCases,
    RecordEngine.allCases)
  func sequenceLimit(suite: CipherSuite, engine: RecordEngine) throws {
    let receiver = try makeReceiver(suite: suite, engine: engine)
    #expect(open(receiver, (1 << 32) - 1, suite) == "message 4294967295")
    #expect(open(receiver, (1 << 32) - 1, suite) == RejectionReason.replayed.rawValue)
    for sequence in [1 << 32, (1 << 32) + 1, (1 << 40) - 1] as [UInt64] {
      #expect(open(receiver, sequence, suite) == RejectionReason.malformed.rawValue)
    }
    #expect(open(receiver, 0, epoch: 2, suite) == "message 0")
  }

  @Test("a restarted sender is heard at once in a new epoch")
  func senderRestarts() async throws {
    let group = makeTestGroup()
    let state = TemporaryDirectory()
    func makePeer(_ member: MemberID) throws -> MulticastPeer {
      var configuration = MulticastPeer.Configuration(
        member: member, peers: MemberSet(0...1), group: group, suite: .wdmNullSHA256, interface: loopback,
        state: StateDirectory(path: state.path))
      configuration.timeToLive = 0
      return try MulticastPeer(
        configuration, keys: KeyRing(GroupSecret(text: Vectors.shared.secret)), logger: RecordedLog().logger)
    }
    let receiver = try makePeer(0)
    var messages = receiver.messages.makeAsyncIterator()
    for epoch in 1...5 as ClosedRange<UInt16> {
      let sender = try makePeer(1)
      for sequence in 0..<10 as Range<UInt64> {
        try sender.send("message \(sequence)")
        let message = await messages.next()
        #expect(message?.epoch.rawValue == epoch && message?.sequence == sequence)
      }
    }
  }

  @Test("a restarted receiver accepts none of 1,000 recorded datagrams again")
  func receiverRestarts() async throws {
    let group = makeTestGroup()
    let state = TemporaryDirectory()
    let wire = try Wire(group)
    func makePeer() throws -> MulticastPeer {
      var configuration = MulticastPeer.Configuration(
        member: 0, peers: MemberSet(0...1), group: group, suite: .wdmNullSHA256, interface: loopback,
        state: StateDirectory(path: state.path))
      configuration.timeToLive = 0
      return try MulticastPeer(
        configuration, keys: KeyRing(GroupSecret(text: Vectors.shared.secret)), logger: RecordedLog().logger)
    }
    let recorded = (0..<1000).map {
      IndependentRecord(member: 1, sequence: $0, text: "\($0)").sealed(keys(.wdmNullSHA256))
    }
    func play(to peer: MulticastPeer) async throws {
      for (number, datagram) in recorded.enumerated() {
        try wire.send(datagram)
        // Not faster than the peer receives, or the kernel would drop some.
        try await eventually("datagram \(number)") {
          peer.statistics.received + peer.statistics.rejected.values.reduce(0, +) == number + 1
        }
      }
    }
    do {
      let peer = try makePeer()
      try await play(to: peer)
      #expect(peer.statistics.received == 1000)
      await peer.stop()
    }
    let peer = try makePeer()
    try await play(to: peer)
    #expect(peer.statistics.received == 0 && peer.statistics.rejected == [.replayed: 1000])
    try wire.send(IndependentRecord(member: 1, sequence: 1000, text: "new").sealed(keys(.wdmNullSHA256)))
    #expect(await peer.messages.first { _ in true }?.payload == Array("new".utf8))
  }

  @Test(
    "one context serves sessions of many threads at the same time", arguments: CipherSuite.allCases,
    RecordEngine.allCases)
  func threads(suite: CipherSuite, engine: RecordEngine) async throws {
    let context = try makeKey(member: 9, suite: suite, engine: engine)
    let wanted = keys(suite)
    try await withThrowingTaskGroup(of: Void.self) { tasks in
      for number in 1...8 as ClosedRange<UInt16> {
        tasks.addTask {
          var session = try makeSealer(context, epoch: Epoch(number))
          for sequence in 0..<500 as Range<UInt64> {
            let record = IndependentRecord(member: 9, sequence: sequence, epoch: number, text: "\(number) \(sequence)")
            #expect(try session.seal(record.payload) == record.sealed(wanted))
          }
        }
      }
      try await tasks.waitForAll()
    }
  }

  @Test("a stopped peer sends no close alert, which would end stock wolfSSL receivers")
  func noAlert() throws {
    let group = makeTestGroup()
    let (wire, stranger) = (try Wire(group), try Wire(group))
    do {
      var configuration = MulticastPeer.Configuration(
        member: 1, peers: MemberSet(0...1), group: group, suite: .wdmNullSHA256, interface: loopback, state: nil)
      (configuration.timeToLive, configuration.epoch) = (0, .first)
      let peer = try MulticastPeer(configuration, keys: KeyRing(GroupSecret(text: Vectors.shared.secret)))
      try peer.send("Hello")
      peer.stop()
    }
    let end = Array("the end".utf8)
    try stranger.send(end)
    #expect(
      try wire.receive(2) == [IndependentRecord(member: 1, text: "Hello").sealed(keys(.wdmNullSHA256)), end])
  }

  @Test("the two suites of multicast mode exist, and each side opens the records of the other")
  func suites() throws {
    #expect(CipherSuite.allCases.map(\.name) == ["WDM-NULL-SHA256", "PSK-CHACHA20-POLY1305"])
    for suite in CipherSuite.allCases {
      for engine in RecordEngine.allCases {
        var sender = try makeSealer(makeKey(member: 1, suite: suite, engine: engine), epoch: .first)
        let record = try sender.seal("Hello")
        let receiver = try makeReceiver(suite: suite, engine: engine)
        #expect(receiver.text(of: try receiver.open(record).get()) == "Hello")
      }
    }
  }
}
