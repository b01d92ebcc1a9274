/// A group key for receiving: creates sessions, and checks records without one. Confined to the receive thread.
final class OpeningKey {
  let key: GroupKey
  /// The secret's fingerprint.
  let keyID: KeyID
  /// The size of a record's tag in bytes.
  let tagSize: Int

  /// The latest jump of each member since the last ``takeJumps()``.
  private var jumps: [MemberID: SequenceJump] = [:]

  private let protection: RecordProtection
  private let otherProtection: RecordProtection?

  /// - Throws: ``LibcryptoError`` if libcrypto lacks the protection.
  init(_ key: GroupKey) throws(LibcryptoError) {
    self.key = key
    keyID = key.keyID
    tagSize = key.context.suite.tagSize
    protection = try key.makeProtection(.opening)
    // Optional, since it only explains why a member is not heard.
    otherProtection = try? key.makeOtherProtection()
  }

  /// Creates a session that opens the records of one member in one epoch.
  func makeSession(epoch: Epoch, sender: MemberID) throws(WolfSSLError) -> Session {
    try key.makeSession(epoch: epoch, sender: sender, protection: protection)
  }

  /// Records a gap in a member's sequence numbers that is too long for loss.
  func jumped(_ jump: SequenceJump) {
    jumps[jump.member] = jump
  }

  /// Returns the latest jump of each member since the last call.
  func takeJumps() -> [SequenceJump] {
    if jumps.isEmpty { return [] }
    defer { jumps = [:] }
    return jumps.values.sorted { $0.member < $1.member }
  }

  /// True if the record was made with this key; checks neither its sequence number nor its epoch.
  func isAuthentic(_ record: UnsafeBufferPointer<UInt8>) -> Bool {
    unsafe protection.isAuthentic(record)
  }

  /// True if the record was made with this secret, but by the suite that the context does not use.
  func isOfOtherSuite(_ record: UnsafeBufferPointer<UInt8>) -> Bool {
    unsafe otherProtection?.isAuthentic(record) ?? false
  }
}
