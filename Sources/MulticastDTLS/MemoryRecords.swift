import Glibc

/// Records that are sealed into memory and opened from there: what `mcast-bench` measures as the limit of the library, with
/// no socket in the way.
@safe
package struct MemoryRecords: ~Copyable {
  private let payload: [UInt8]
  private let count: Int
  private var outbound: OutboundSession
  private let members: InboundMembers
  private let storage: UnsafeMutableRawBufferPointer
  private var sizes: [Int]
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
    members = InboundMembers([key], sent: SentRecords(port: 0))
    (self.payload, self.count) = (payload, count)
    sizes = [Int](repeating: 0, count: count)
    unsafe storage = .allocate(byteCount: count * RecordHeader.maximumRecord, alignment: 16)
  }

  deinit {
    unsafe storage.deallocate()
  }

  /// Seals them all.
  package mutating func seal() throws {
    for index in 0..<count {
      sizes[index] = try unsafe payload.withUnsafeBytes { try unsafe outbound.seal($0, into: room(index)) }
    }
  }

  /// Opens all that was sealed last, and returns how many were accepted.
  package mutating func open() -> Int {
    var accepted = 0
    let now = Moment.now
    for index in 0..<count {
      let record = unsafe UnsafeBufferPointer(start: UnsafeRawBufferPointer(room(index)).bytes, count: sizes[index])
      if case .success = unsafe members.open(record, from: source, now: now) { accepted += 1 }
    }
    return accepted
  }

  private func room(_ index: Int) -> UnsafeMutableRawBufferPointer {
    let start = index * RecordHeader.maximumRecord
    return unsafe UnsafeMutableRawBufferPointer(rebasing: storage[start..<(start + RecordHeader.maximumRecord)])
  }
}
