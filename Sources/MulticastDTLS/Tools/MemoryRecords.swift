import Glibc

/// Seals records into memory and opens them from there. `mcast-bench` measures this as the limit of the library,
/// without a socket.
@safe
package struct MemoryRecords: ~Copyable {
  private let payload: [UInt8]
  private let count: Int
  private var outbound: OutboundSession
  private var intake: Intake
  private let counters = Intake.Counters()
  /// The records, contiguous as in a batch.
  private let storage: UnsafeMutableRawBufferPointer
  private let recordSize: Int
  private let source = Endpoint(IPAddress(ipv4: 0), port: 0)

  /// Prepares to seal one payload `count` times as member 0, and to open the records as member 1.
  package init(suite: CipherSuite, engine: RecordEngine, payload: [UInt8], count: Int) throws {
    let secret = try GroupSecret(text: "a secret for this measurement")
    let (sender, receiver) = try (
      GroupKey(DTLSContext(ownMember: 0, suite: suite, engine: engine), secret),
      GroupKey(DTLSContext(ownMember: 1, suite: suite, engine: engine), secret)
    )
    let key = try InboundKey(receiver, members: MemberSet(0...1), heardBefore: [:])
    outbound = try OutboundSession(sender, epoch: .first)
    intake = Intake(
      InboundMembers([key], sent: SentRecords(port: 0)), observer: Observer(start: .now, followed: MemberSet(0...0)),
      counters: counters, handler: { _, _ in true })
    (self.payload, self.count) = (payload, count)
    recordSize = RecordHeader.size + payload.count + suite.tagSize
    unsafe storage = .allocate(byteCount: count * recordSize, alignment: 16)
  }

  deinit {
    unsafe storage.deallocate()
  }

  /// Seals all records.
  package mutating func seal() throws {
    for index in 0..<count {
      _ = try unsafe payload.withUnsafeBytes { try unsafe outbound.seal($0, into: room(index)) }
    }
  }

  /// Opens all sealed records as one batch, as if they had arrived, and returns the number of delivered messages.
  package mutating func open() -> Int {
    let before = counters.statistics.received
    let now = BootInstant.now
    for index in 0..<count {
      let record = unsafe UnsafeBufferPointer(start: UnsafeRawBufferPointer(room(index)).bytes, count: recordSize)
      _ = unsafe intake.take(record, from: source, now: now)
    }
    _ = intake.endRun(now: now)
    return counters.statistics.received - before
  }

  private func room(_ index: Int) -> UnsafeMutableRawBufferPointer {
    unsafe UnsafeMutableRawBufferPointer(rebasing: storage[(index * recordSize)..<((index + 1) * recordSize)])
  }
}
