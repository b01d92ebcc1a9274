import Dispatch
import Synchronization
import TestSupport
import Testing

@testable import MulticastDTLS

@Suite("The receive loop")
struct ReceiveLoopTests {
  @Test(
    "records that arrive before a key is dropped are delivered, also after a delay, and later ones are rejected")
  func drained() async throws {
    let group = makeTestGroup()
    let secrets = ["the old secret of the group", "the new secret of the group"]
    let keys = secrets.map { RecordKeys(secret: $0, .wdmNullSHA256) }
    let context = try DTLSContext(ownMember: 0, suite: .wdmNullSHA256)
    let ring = try secrets.map { secret in
      let key = try GroupKey(context, GroupSecret(text: secret))
      let keeper = try StateKeeper(
        directory: nil, beginning: .given(.first),
        identity: .init(keyID: key.keyID, member: 0, isEncrypting: false), report: { _ in })
      return try RingKey(key, keeper)
    }
    let isHeld = DispatchSemaphore(value: 0)
    let delivered = Mutex<[String]>([])
    let socket = try MulticastSocket(group: group, interface: loopback, timeToLive: 0)
    let loop = try ReceiveLoop(
      ring, sent: SentRecords(port: 1), socket: socket,
      local: LocalMember(
        member: 0, peers: MemberSet(0...1), keyIDs: ring.map(\.keyID), isEncrypted: false),
      reporter: EventReporter(RecordedLog().logger) { _ in }
    ) { _, payload in
      let text = payload.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
      let count = delivered.withLock { delivered in
        delivered.append(text)
        return delivered.count
      }
      // Only the first message waits, since a batch is counted after its last message.
      if count == 1 { isHeld.wait() }
      return true
    }
    defer { loop.stop() }
    // Never leave the thread blocked.
    defer { isHeld.signal() }
    let wire = try Wire(group)
    func send(_ sequence: UInt64, _ key: Int = 0) throws {
      try wire.send(IndependentRecord(member: 1, sequence: sequence, text: "\(sequence)").sealed(keys[key]))
    }
    // The first message holds the loop's thread. The others wait in the socket when the key is dropped.
    try send(0)
    try await eventually("the first message") { delivered.withLock { $0.count } == 1 }
    for sequence in 1...40 as ClosedRange<UInt64> { try send(sequence) }
    async let accepted: Void = onThread { loop.accept([ring[1]]) }
    try await Task.sleep(for: .milliseconds(100))
    isHeld.signal()
    try await accepted
    #expect(delivered.withLock { $0 } == (0...40).map(String.init))
    try send(41)
    try send(0, 1)
    try await eventually("the message with the new key") { delivered.withLock { $0.count } == 42 }
    // A message is delivered before its batch is counted.
    try await eventually("the rejection") { loop.statistics.rejected == [.forged: 1] }
  }
}
