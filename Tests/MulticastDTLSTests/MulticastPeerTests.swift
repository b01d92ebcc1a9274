import Foundation
import TestSupport
import Testing

@testable import MulticastDTLS

@Suite("Peers over loopback")
struct MulticastPeerTests {
  private let group = makeTestGroup()
  private let keys = RecordKeys.ofVectors(.wdmNullSHA256)

  private func makePeer(
    _ member: MemberID, peers: MemberSet = MemberSet(0...2), suite: CipherSuite = .wdmNullSHA256,
    log: RecordedLog = .init(),
    recordLimit: UInt64 = 1 << 32
  ) throws -> MulticastPeer {
    var configuration = MulticastPeer.Configuration(
      member: member, peers: peers, group: group, suite: suite, interface: loopback, state: nil)
    configuration.epoch = .first
    configuration.timeToLive = 0
    configuration.messageBufferSize = 4096
    return try MulticastPeer(
      configuration, keys: KeyRing(GroupSecret(text: Vectors.shared.secret)), logger: log.logger,
      recordLimit: recordLimit)
  }

  @Test(
    "a peer without a member ID hears all members, also 0 and after a change of the secret, and cannot send",
    arguments: CipherSuite.allCases, RecordEngine.allCases)
  func listener(suite: CipherSuite, engine: RecordEngine) async throws {
    let (group, state) = (makeTestGroup(), TemporaryDirectory())
    func peer(_ member: MemberID?) throws -> MulticastPeer {
      var configuration = MulticastPeer.Configuration(
        member: member, peers: MemberSet(0...255), group: group, suite: suite, interface: loopback,
        state: StateDirectory(path: state.path))
      (configuration.timeToLive, configuration.engine) = (0, engine)
      configuration.isNewMember = true
      return try MulticastPeer(configuration, keys: KeyRing(GroupSecret(text: Vectors.shared.secret)))
    }
    let listener = try peer(nil)
    #expect(try FileManager.default.contentsOfDirectory(atPath: state.path) == [])
    #expect(listener.statePath == nil)
    #expect(peerError { try listener.send("nothing") }?.code == .listening)
    let senders = try [0, 255].map { try peer(MemberID(rawValue: $0)) }
    let start = BootInstant.now
    for sender in senders { try sender.send("old") }
    let next = try GroupSecret(text: "the next secret of this group")
    for peer in [listener] + senders {
      try await peer.rotate(to: KeyRing([next, GroupSecret(text: Vectors.shared.secret)]))
    }
    for sender in senders { try sender.send("new") }
    var heard: [String] = []
    for await message in listener.messages.prefix(4) {
      heard.append("\(message.sender) \(String(decoding: message.payload, as: UTF8.self))")
    }
    #expect(heard.sorted() == ["0 new", "0 old", "255 new", "255 old"])
    // A message is delivered before it is counted.
    try await eventually("the last message to be counted") {
      listener.statistics.members[255]?.epoch == senders[1].epoch
    }
    let counts = try #require(listener.statistics.members[255])
    #expect(counts.source != nil)
    let silence = try #require(counts.timeSinceHeard)
    #expect(silence <= start.duration(to: .now))
  }

  @Test("each of three peers hears the other two, in order", arguments: CipherSuite.allCases)
  func three(suite: CipherSuite) async throws {
    let peers = try (0...2).map { try makePeer(MemberID(rawValue: $0), suite: suite) }
    for number in 0..<10 {
      for (member, peer) in peers.enumerated() { try peer.send("\(member): \(number)") }
    }
    for peer in peers {
      var received: [MemberID: [String]] = [:]
      var sources: [MemberID: Set<Endpoint>] = [:]
      for await message in peer.messages.prefix(20) {
        received[message.sender, default: []].append(String(decoding: message.payload, as: UTF8.self))
        #expect(message.epoch == .first)
        sources[message.sender, default: []].insert(message.source)
      }
      #expect(received.keys.sorted() == peers.map(\.configuration.member).filter { $0 != peer.configuration.member })
      #expect(sources.values.allSatisfy { $0.count == 1 } && Set(sources.values).count == 2)
      for (sender, texts) in received { #expect(texts == (0..<10).map { "\(sender): \($0)" }) }
    }
    // The kernel filters our own looped-back records. They count neither as received nor as lost.
    #expect(peers.allSatisfy { $0.statistics.rejected == [:] && $0.statistics.droppedByKernel == 0 })
    // A message is delivered before it is counted.
    try await eventually("all to be counted") {
      peers[0].statistics.members.mapValues(\.received) == [1: 10, 2: 10]
    }
  }

  @Test("the longest message arrives whole, and a longer one is an error", arguments: CipherSuite.allCases)
  func longest(suite: CipherSuite) async throws {
    let (sender, receiver) = (try makePeer(0, suite: suite), try makePeer(1, suite: suite))
    let payload = (0..<sender.maximumPayload).map { UInt8($0 & 0xFF) }
    let tooLong = peerError { try sender.send(payload + [0]) }
    #expect(tooLong?.code == .messageTooLong && tooLong?.description.contains("\(payload.count)") == true)
    try sender.send(payload)
    #expect(await receiver.messages.first { _ in true }?.payload == payload)
  }

  @Test("rejected datagrams are counted by reason")
  func rejections() async throws {
    let peer = try makePeer(0)
    let wire = try Wire(group)
    var forged = IndependentRecord(member: 1, sequence: 5, text: "forged").sealed(keys)
    forged[20] ^= 1
    let last = IndependentRecord(member: 2, sequence: 0, epoch: 2, text: "last").sealed(keys)
    try wire.send(Array("GET / HTTP/1.1\r\n\r\n".utf8))
    try wire.send(bytes("17fefd00010100000010010000"))
    try peer.send("own")
    try wire.send(IndependentRecord(member: 0, sequence: 7, text: "not our own").sealed(keys))
    try wire.send(IndependentRecord(member: 9, text: "unknown").sealed(keys))
    try wire.send(forged)
    try wire.send(last)
    try wire.send(last)
    try wire.send(IndependentRecord(member: 2, epoch: 1, text: "an epoch too early").sealed(keys))
    try await eventually("all datagrams to be counted") { peer.statistics.rejected.values.reduce(0, +) == 7 }
    #expect(
      peer.statistics.rejected == [
        .foreign: 1, .malformed: 1, .duplicateID: 1, .unknownMember: 1, .forged: 1, .replayed: 1,
        .staleEpoch: 1,
      ])
    #expect(peer.statistics.members.mapValues(\.received) == [0: 0, 1: 0, 2: 1, 9: 0])
    #expect(
      peer.statistics.members.mapValues(\.rejected) == [
        0: [.duplicateID: 1], 1: [.forged: 1], 2: [.replayed: 1, .staleEpoch: 1], 9: [.unknownMember: 1],
      ])
  }

  @Test("a peer hears its own group only, also if another socket has joined another group on the same port")
  func otherGroup() async throws {
    let peer = try makePeer(0)
    let other = try GroupAddress("239.254.7.7:\(group.port)")
    let (neighbour, stranger) = (try Wire(other), try Wire(other))
    try stranger.send(Array("not for us".utf8))
    #expect(try neighbour.receive(1).count == 1)
    let wire = try Wire(group)
    try wire.send(IndependentRecord(member: 1, text: "for us").sealed(keys))
    #expect(await peer.messages.first { _ in true }?.payload == Array("for us".utf8))
    #expect(peer.statistics.rejected.isEmpty)
  }

  @Test("if a program reads too slowly, the newest messages are lost and counted, and the older ones are kept")
  func overrun() async throws {
    let peer = try makePeer(0)
    let wire = try Wire(group)
    for sequence in 0..<4200 as Range<UInt64> {
      try wire.send(IndependentRecord(member: 1, sequence: sequence, text: "\(sequence)").sealed(keys))
      // Not faster than the peer receives, or the kernel would drop some as well.
      let arrived = Int(sequence) + 1
      guard arrived % 50 == 0 else { continue }
      try await eventually("message \(sequence)") {
        peer.statistics.received + peer.statistics.rejected.values.reduce(0, +) == arrived
      }
    }
    #expect(peer.statistics.received == 4096)
    #expect(peer.statistics.rejected == [.overrun: 104])
    await peer.stop()
    var texts: [String] = []
    for await message in peer.messages { texts.append(String(decoding: message.payload, as: UTF8.self)) }
    #expect(texts == (0..<4096).map(String.init))
  }

  @Test("a program that reads nothing causes a rate-limited line with the number of lost messages")
  func overrunEvent() async throws {
    let log = RecordedLog()
    let (sender, receiver) = (try makePeer(0), try makePeer(1, log: log))
    let start = BootInstant.now
    // 8,000 messages into a stream for 4,096, not faster than the peer receives.
    for batch in 0..<80 {
      _ = try sender.send((0..<100).map { Array("\(batch * 100 + $0)".utf8) })
      try await eventually("batch \(batch)") {
        let statistics = receiver.statistics
        return statistics.received + statistics.rejected.values.reduce(0, +) == 100 * (batch + 1)
      }
    }
    #expect(receiver.statistics.rejected == [.overrun: 3904])
    func lines() -> [String] { log.lines.filter { $0.contains("takes them too slowly") } }
    try await eventually("the line") { !lines().isEmpty }
    // On a busy machine the first line may come before the last message. Another line then follows every ten seconds.
    func count() -> Int { lines().compactMap { $0.split(separator: "count=").last.flatMap { Int($0) } }.reduce(0, +) }
    try await eventually("all to be told") { count() == 3904 }
    let most = 2 + Int(start.duration(to: .now) / .seconds(10))
    #expect(
      lines().count <= most && lines().allSatisfy { $0.hasPrefix("info: ") }, "\(log.lines)"
    )
  }

  @Test("a stopped peer ends its messages, cannot send, and can be stopped again")
  func stop() async throws {
    let peer = try makePeer(0)
    async let messages = peer.messages.reduce(into: 0) { count, _ in count += 1 }
    await peer.stop()
    await peer.stop()
    #expect(await messages == 0)
    #expect(peerError { try peer.send("too late") }?.code == .stopped)
  }

  @Test("a released peer is deallocated, and its port is free")
  func released() async throws {
    weak var gone: MulticastPeer?
    do {
      let peer = try makePeer(0)
      try peer.send("Hello")
      gone = peer
    }
    #expect(gone == nil)
    // Without SO_REUSEADDR, the bind fails while any other socket is bound: briefly also in a child that another test
    // forks.
    let socket = try Descriptor.udpSocket()
    try await eventually("the port to be free") { (try? socket.bind(to: group.socketAddress())) != nil }
  }

  @Test("many tasks can send at the same time, and every message arrives whole with its own sequence number")
  func concurrentSends() async throws {
    let (sender, receiver) = (try makePeer(0), try makePeer(1))
    async let received = receiver.messages.prefix(200).reduce(into: []) { $0.append($1) }
    await withThrowingTaskGroup(of: Void.self) { tasks in
      for number in 0..<200 { tasks.addTask { try sender.send("message \(number)") } }
    }
    let messages = await received
    #expect(messages.map(\.sequence) == Array(0..<200))
    #expect(Set(messages.map { String(decoding: $0.payload, as: UTF8.self) }) == Set((0..<200).map { "message \($0)" }))
  }

  @Test("a peer of everyone hears the 255 other members")
  func everyone() async throws {
    let peer = try makePeer(0, peers: MemberSet(0...255))
    let wire = try Wire(group)
    for member in 1...255 as ClosedRange<UInt8> {
      try wire.send(IndependentRecord(member: member, text: "Hello").sealed(keys))
    }
    let senders = await peer.messages.prefix(255).reduce(into: []) { $0.append($1.sender.rawValue) }
    #expect(senders == Array(1...255))
  }

  @Test("the next epoch begins before the numbers of an epoch run out, and no message is lost")
  func rollOver() async throws {
    let (sender, receiver) = (try makePeer(0, recordLimit: 7), try makePeer(1))
    for number in 0..<50 { try sender.send("\(number)") }
    var numbers: [String] = []
    for await message in receiver.messages.prefix(50) {
      #expect(message.epoch.rawValue == UInt16(1 + numbers.count / 7) && message.sequence == UInt64(numbers.count % 7))
      numbers.append(String(decoding: message.payload, as: UTF8.self))
    }
    #expect(numbers == (0..<50).map(String.init))
    #expect(sender.epoch?.rawValue == 8)
    #expect(receiver.statistics.members[0]?.lost == 0)
    #expect(sender.statistics.rejected == [:])
  }

  @Test("lost, late and repeated messages are counted from their numbers")
  func counted() async throws {
    let peer = try makePeer(0)
    let wire = try Wire(group)
    for sequence in [10, 11, 14, 12, 12, 20, 9] as [UInt64] {
      try wire.send(IndependentRecord(member: 1, sequence: sequence, text: "\(sequence)").sealed(keys))
    }
    try await eventually("all to be counted") {
      peer.statistics.received == 6 && peer.statistics.rejected == [.replayed: 1]
    }
    // Lost: 13, and 15 to 19. Numbers before the first are unknown.
    #expect(peer.statistics.members[1]?.lost == 6)
    #expect(peer.statistics.members[1]?.reordered == 2)
    #expect(peer.statistics.droppedByKernel == 0)
  }

  @Test("an unknown member causes one event and one log line, with its ID and address")
  func events() async throws {
    let log = RecordedLog()
    let peer = try makePeer(0, log: log)
    let wire = try Wire(group)
    for sequence in 0..<500 as Range<UInt64> {
      try wire.send(IndependentRecord(member: 7, sequence: sequence, text: "unknown").sealed(keys))
    }
    try await eventually("the line") { !log.lines.isEmpty && (peer.statistics.rejected[.unknownMember] ?? 0) > 100 }
    await peer.stop()
    // On a slow machine, the peer may also report silence.
    let events = await peer.events.filter { $0.kind != .nothingHeard }.reduce(into: []) { $0.append($1) }
    #expect(events.count == 1 && events.first?.kind == .unknownMember && events.first?.member == 7, "\(events)")
    #expect(events.first?.source?.port == wire.port)
    let lines = log.lines.filter { !$0.contains("no member is heard") }
    #expect(
      lines.count == 1 && lines[0].contains("info: a member of the group is not followed members=7"), "\(log.lines)")
  }
}
