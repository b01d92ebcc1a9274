import Glibc

/// Records that are sealed into memory and opened from there: what `mcast-bench` measures as the limit of the library, with
/// no socket in the way.
@safe
package struct MemoryRecords: ~Copyable {
  private let payload: [UInt8]
  private let count: Int
  private var outbound: OutboundSession
  private var intake: Intake
  private let counters = Intake.Counters()
  /// The records, one right after the other as in a batch.
  private let storage: UnsafeMutableRawBufferPointer
  private let recordSize: Int
  private let source = Endpoint(IPAddress(ipv4: 0), port: 0)

  /// Prepares to seal one payload so many times as member 0, and to open that as member 1.
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

  /// Seals them all.
  package mutating func seal() throws {
    for index in 0..<count {
      _ = try unsafe payload.withUnsafeBytes { try unsafe outbound.seal($0, into: room(index)) }
    }
  }

  /// Takes all that was sealed last as one batch, as if it had arrived, and returns how many messages were delivered.
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
