/// A group key as the receiving side has it: makes sessions, and checks records without one. Only the receive loop's thread
/// uses it.
final class OpeningKey {
  let key: GroupKey
  /// The secret's fingerprint.
  let keyID: KeyID
  /// The bytes of a record's tag.
  let tagSize: Int

  /// The last jump of each member since they were taken.
  private var jumps: [MemberID: SequenceJump] = [:]

  private let protection: RecordProtection
  private let otherProtection: RecordProtection?

  /// - Throws: ``LibcryptoError`` if libcrypto lacks the protection.
  init(_ key: GroupKey) throws(LibcryptoError) {
    self.key = key
    keyID = key.keyID
    tagSize = key.context.suite.tagSize
    protection = try key.makeProtection(.opening)
    // It only tells a person why a member is not heard.
    otherProtection = try? key.makeOtherProtection()
  }

  /// Makes a session that opens the records of one member in one epoch.
  func makeSession(epoch: Epoch, sender: MemberID) throws(WolfSSLError) -> Session {
    try key.makeSession(epoch: epoch, sender: sender, protection: protection)
  }

  /// Takes note of a gap in a member's numbers that is too long for loss.
  func jumped(_ jump: SequenceJump) {
    jumps[jump.member] = jump
  }

  /// The last jump of each member since the last call.
  func takeJumps() -> [SequenceJump] {
    if jumps.isEmpty { return [] }
    defer { jumps = [:] }
    return jumps.values.sorted { $0.member < $1.member }
  }

  /// Says if a record was made with this key; neither its number nor its epoch counts.
  func isAuthentic(_ record: UnsafeBufferPointer<UInt8>) -> Bool {
    unsafe protection.isAuthentic(record)
  }

  /// Says if a record was made with this secret by the suite that the context does not use.
  func isOfOtherSuite(_ record: UnsafeBufferPointer<UInt8>) -> Bool {
    unsafe otherProtection?.isAuthentic(record) ?? false
  }
}
