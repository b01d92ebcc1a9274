import Glibc

/// Records that are sealed into memory and opened from there: `mcast-bench` measures them as the limit of the library, with
/// no socket in the way.
@safe
package struct MemoryRecords: ~Copyable {
  private let payloads: [[UInt8]]
  private var sealer: Sealer
  private var receiver: Receiver
  private let counters = ReceiveCounters()
  private let source = Endpoint(IPAddress(ipv4: 0), port: 0)

  /// Prepares to seal a payload `count` times, at most the size of a batch, as member 0, and to open that as member 1.
  ///
  /// - Parameter isSigned: True to sign the payloads, and to verify them.
  package init(
    suite: CipherSuite, engine: RecordEngine, isSigned: Bool = false, payload: [UInt8], count: Int
  ) throws {
    let secret = try GroupSecret(text: "a secret for this measurement")
    let identity = isSigned ? try Identity.random() : nil
    let sender = try GroupKey(DTLSContext(ownMember: 0, suite: suite, engine: engine), secret, isSigned: isSigned)
    let receiver = try GroupKey(DTLSContext(ownMember: 1, suite: suite, engine: engine), secret, isSigned: isSigned)
    let keeper = try StateKeeper(
      directory: nil, beginning: .given(.first),
      identity: .init(keyID: sender.keyID, member: 0, isEncrypting: suite.isEncrypted),
      report: { _ in })
    let (sealing, opening) = (try RingKey(sender, keeper), try OpeningKey(receiver))
    sealer = try Sealer(sealing, identity: identity)
    self.receiver = Receiver(
      [opening], following: MemberSet(0...0), sent: SentRecords(port: 0),
      observer: Observer(start: .now, followed: MemberSet(0...0)), counters: counters, handler: { _, _ in true })
    if let identity { self.receiver.verify(by: [0: MemberKeys(identity.publicKey)]) }
    payloads = [[UInt8]](repeating: payload, count: count)
  }

  /// Seals them all, as one batch.
  package mutating func seal() throws {
    sealer.clear()
    if let failure = sealer.seal(payloads[...]) { throw failure }
  }

  /// Takes all that was sealed last as one batch, as if it had arrived, and returns how many messages were delivered.
  package mutating func open() -> Int {
    let before = counters.statistics.received
    let now = BootInstant.now
    unsafe sealer.batch.forEach { record in
      unsafe receiver.receive(record.assumingMemoryBound(to: UInt8.self), from: source, now: now)
    }
    receiver.endBatch(now: now)
    return counters.statistics.received - before
  }
}
