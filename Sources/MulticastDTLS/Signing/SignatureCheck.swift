/// Judges the payloads of a signed group, after the group's MAC or AEAD and before anything moves: no window, no epoch and no
/// position of a member, neither ours nor wolfSSL's. Confined to the receive thread.
///
/// 1. A payload without a trailer is not signed.
/// 2. The roster must have a key of the member with the trailer's tag.
/// 3. The leaf and the path must lead to a known node of a tree of the member, or to a root that one of its keys has signed.
@safe
final class SignatureCheck: PayloadInspection {
  private let context: GroupContext
  private let senders: SenderKeys
  private let text = SignedText()
  /// Knows no tree: a member has trees once a signature of it was right.
  private let none = KnownTrees()
  /// The trees of each member that was heard.
  private var trees = [KnownTrees?](repeating: nil, count: 256)
  /// The nodes of one message, from its leaf to its root.
  private let path = UnsafeMutablePointer<Hash16>.allocate(capacity: SignatureTree.maximumDepth + 1)

  init(_ context: GroupContext, _ senders: SenderKeys) {
    self.context = context
    self.senders = senders
    unsafe path.initialize(repeating: .zero, count: SignatureTree.maximumDepth + 1)
  }

  deinit {
    unsafe path.deallocate()
  }

  func inspect(_ payload: UnsafeRawBufferPointer, number: UInt64) -> RejectionReason? {
    guard let trailer = unsafe SignatureTrailer(endOf: payload) else { return .unsigned }
    let member = MemberID(rawValue: UInt8(truncatingIfNeeded: UInt64(bigEndian: number) >> 40))
    guard let changes = senders.changes(of: member, tag: trailer.tag) else { return .noKey }
    let message = unsafe UnsafeRawBufferPointer(rebasing: payload[..<(payload.count - trailer.size)])
    let leaf = unsafe SignatureTree.leaf(trailer.salt, number, message)
    // A key that the roster no longer has must not vouch for a tree.
    let known = trees[Int(member.rawValue)].flatMap { $0.keyChanges == changes ? $0 : nil }
    switch unsafe (known ?? none).judge(leaf, trailer, path) {
    case .known: return nil
    case .wrong: return .notBySender
    case .unknown(let root):
      if let reason = verify(root, trailer, member) { return reason }
      let trees = known ?? KnownTrees(keyChanges: changes)
      unsafe trees.remember(trailer, path)
      if known == nil { self.trees[Int(member.rawValue)] = trees }
      return nil
    }
  }

  /// Verifies the signature of a root.
  ///
  /// - Returns: The reason to reject its message; nil to accept it.
  private func verify(_ root: Hash16, _ trailer: SignatureTrailer, _ member: MemberID) -> RejectionReason? {
    guard let keys = senders[member] else { return .noKey }
    guard let source = senders.source, senders.limit.admits(member, from: source, now: senders.now) else {
      return .unverified
    }
    let isRight = unsafe text.withText(
      context, tag: trailer.tag, depth: trailer.depth, salt: trailer.salt, root: root
    ) { text in
      keys.contains(tagged: trailer.tag) { key in
        unsafe key.withBytes { unsafe Ed25519.verify(text, signature: trailer.signature, publicKey: $0) }
      }
    }
    // No window keeps out repeated records with our own ID, so that right ones of a clone are limited, too.
    senders.limit.verified(member, from: source, isRight: isRight && member != senders.ownMember)
    return isRight ? nil : .notBySender
  }
}
