import Synchronization
import TestSupport
import Testing

@testable import MulticastDTLS

@Suite("Send and receive batches")
struct BatchTests {
  private let group = makeTestGroup()
  private let keys = RecordKeys.ofVectors(.wdmNullSHA256)

  private func makePeer(_ member: MemberID, handler: MulticastPeer.Handler? = nil) throws -> MulticastPeer {
    var configuration = MulticastPeer.Configuration(
      member: member, peers: MemberSet(0...1), group: group, suite: .wdmNullSHA256, interface: loopback, state: nil)
    (configuration.timeToLive, configuration.epoch) = (0, .first)
    return try MulticastPeer(
      configuration, keys: KeyRing(GroupSecret(text: Vectors.shared.secret)), handler: handler)
  }

  /// More than a batch of messages: runs of equal lengths, and shorter and longer ones.
  private let payloads: [[UInt8]] = (0..<300).map { number in
    let count = [256, 256, 256, 256, 100, 1343, 1, 256][number / 9 % 8]
    return (0..<count).map { UInt8(($0 + number) & 0xFF) }
  }

  private var records: [[UInt8]] {
    payloads.enumerated().map {
      IndependentRecord(member: 0, sequence: UInt64($0), payload: $1).sealed(keys)
    }
  }

  @Test("a receiver without batches reads a batch record by record, byte for byte")
  func plain() throws {
    let receiver = try PlainReceiver(group)
    let peer = try makePeer(0)
    #expect(try peer.send(payloads).count == 300)
    #expect(receiver.receive(300) == records)
  }

  private func makeBatch(_ records: ArraySlice<[UInt8]>) -> SendBatch {
    var batch = SendBatch(capacity: max(records.count, SendBatch.capacity))
    for record in records {
      batch.append { room in
        room.copyBytes(from: record)
        return record.count
      }
    }
    return batch
  }

  @Test("every send mode puts the same datagrams on the wire", arguments: MulticastSocket.SendMode.allCases)
  func modes(mode: MulticastSocket.SendMode) throws {
    let receiver = try PlainReceiver(group)
    let socket = try MulticastSocket(group: group, interface: loopback, timeToLive: 0, mode: mode)
    for start in stride(from: 0, to: 300, by: SendBatch.capacity) {
      let batch = makeBatch(records[start..<min(start + SendBatch.capacity, 300)])
      let (sent, failure) = socket.send(batch)
      #expect(sent == batch.count && failure == nil)
    }
    #expect(receiver.receive(300) == records)
    #expect(socket.mode == mode)
    #expect(socket.droppedByKernel == 0)
  }

  @Test("if the kernel takes fewer segments at a time, the socket sends fewer, and nothing is lost or sent twice")
  func fewerSegments() throws {
    let receiver = try PlainReceiver(group)
    // More segments than any kernel accepts.
    let socket = try MulticastSocket(group: group, interface: loopback, timeToLive: 0, segmentLimit: 150)
    let records = (0..<150).map { IndependentRecord(member: 0, sequence: $0, text: "one size").sealed(keys) }
    for _ in 0..<2 {
      let (sent, failure) = socket.send(makeBatch(records[...]))
      #expect(sent == 150 && failure == nil)
      #expect(receiver.receive(150) == records)
      #expect(socket.mode == .segments && socket.segmentLimit == 64)
    }
    #expect(socket.droppedByKernel == 0)
  }

  @Test("a peer splits a batch, lends each message to its handler, and counts it")
  func handler() async throws {
    let heard = Mutex<[(Message.Origin, [UInt8])]>([])
    let receiver = try makePeer(1) { origin, payload, _ in
      heard.withLock { $0.append((origin, payload.withUnsafeBufferPointer { Array($0) })) }
      return true
    }
    let sender = try makePeer(0)
    #expect(try sender.send(payloads).count == payloads.count)
    try await eventually("all messages") { heard.withLock { $0.count } == 300 }
    await receiver.stop()
    #expect(heard.withLock { $0.map(\.1) } == payloads)
    #expect(heard.withLock { $0.map(\.0.sequence) } == Array(0..<300))
    #expect(heard.withLock { Set($0.map(\.0.source)).count } == 1)
    #expect(receiver.statistics.members.mapValues(\.received) == [0: 300] && receiver.statistics.rejected == [:])
    // The handler got the messages, and the stream has ended.
    #expect(await receiver.messages.first { _ in true } == nil)
  }

  @Test("an invalid message stops the whole batch, and uses no sequence number")
  func refused() async throws {
    let (sender, receiver) = (try makePeer(0), try makePeer(1))
    #expect(peerError { _ = try sender.send([[1], [], [3]]) }?.code == .emptyMessage)
    let tooLong = peerError { _ = try sender.send([[1], [UInt8](repeating: 0, count: 1344)]) }
    #expect(tooLong?.code == .messageTooLong && tooLong?.description.contains("1344") == true)
    #expect(try sender.send([[UInt8]]()).count == 0)
    #expect(try sender.send([[7]]).count == 1)
    let message = await receiver.messages.first { _ in true }
    #expect(message?.sequence == 0 && message?.payload == [7])
    await sender.stop()
    #expect(peerError { _ = try sender.send([[1], [2]]) }?.code == .stopped)
  }

  @Test("forged and malformed records of a GRO run do not affect the good one")
  func hostile() async throws {
    let receiver = try makePeer(1)
    let socket = try MulticastSocket(group: group, interface: loopback, timeToLive: 0)
    // A forged record, a good one, garbage of the same length, and a last one that is cut off.
    let good = IndependentRecord(member: 0, text: "good").sealed(keys)
    var forged = good
    forged[20] ^= 1
    let batch = makeBatch([forged, good, [UInt8](repeating: 23, count: good.count), Array(good.dropLast())])
    #expect(socket.send(batch).sent == 4)
    try await eventually("all four") { receiver.statistics.rejected.values.reduce(0, +) == 3 }
    #expect(receiver.statistics.rejected == [.forged: 1, .foreign: 1, .malformed: 1])
    #expect(receiver.statistics.received == 1)
  }

  @Test("a peer rejects none of its own records, and all of another peer with its ID")
  func own() async throws {
    let (peer, twin) = (try makePeer(0), try makePeer(0))
    #expect(try peer.send(payloads).count == payloads.count)
    try peer.send("and one by itself")
    try await eventually("the other's to be known") { twin.statistics.rejected[.duplicateID] == 301 }
    #expect(peer.statistics.rejected == [:] && peer.statistics.droppedByKernel == 0)
    try twin.send("theirs")
    try await eventually("the other's to be known") { peer.statistics.rejected == [.duplicateID: 1] }
  }
}
