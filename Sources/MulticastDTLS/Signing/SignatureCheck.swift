/// Judges the payloads of a signed group, after the group's MAC or AEAD and before anything moves: no window, no epoch and no
/// position of a member, neither ours nor wolfSSL's. Confined to the receive thread.
///
/// 1. A payload without a trailer is not signed.
/// 2. The roster must have a key of the member with the trailer's tag.
/// 3. The leaf and the path must lead to a known node of a tree of the member, or to a root that one of its keys has signed.
final class SignatureCheck: PayloadInspection {
  private let context: GroupContext
  private let senders: SenderKeys
  private let text = SignedText()
  /// Knows no tree: a member has trees once a signature of it was right.
  private let none = KnownTrees()
  /// The trees of each member that was heard, and the number of changes of its keys until then.
  private var trees = [(trees: KnownTrees, changes: Int)?](repeating: nil, count: 256)

  init(_ context: GroupContext, _ senders: SenderKeys) {
    self.context = context
    self.senders = senders
  }

  func inspect(_ payload: UnsafeRawBufferPointer, number: UInt64) -> RejectionReason? {
    guard let trailer = unsafe SignatureTrailer(endOf: payload) else { return .unsigned }
    let member = MemberID(rawValue: UInt8(truncatingIfNeeded: UInt64(bigEndian: number) >> 40))
    guard let (keys, changes) = senders[member], keys.hasKey(tagged: trailer.tag) else { return .noKey }
    let message = unsafe UnsafeRawBufferPointer(rebasing: payload[..<(payload.count - trailer.size)])
    let leaf = unsafe SignatureTree.leaf(trailer.salt, number, message)
    // A key that the roster no longer has must not vouch for a tree.
    let known = trees[Int(member.rawValue)].flatMap { $0.changes == changes ? $0.trees : nil }
    var path = KnownTrees.Path(repeating: .zero)
    switch (known ?? none).judge(leaf, trailer, &path) {
    case .known: return nil
    case .wrong: return .notBySender
    case .unknown(let root):
      guard verify(root, trailer, member, keys) else { return .notBySender }
      let trees = known ?? KnownTrees()
      trees.remember(trailer, path)
      if known == nil { self.trees[Int(member.rawValue)] = (trees, changes) }
      return nil
    }
  }

  private func verify(_ root: Hash16, _ trailer: SignatureTrailer, _ member: MemberID, _ keys: MemberKeys) -> Bool {
    guard let source = senders.source, senders.limit.admits(member, from: source, now: senders.now) else {
      return false
    }
    let isRight = unsafe text.withText(
      context, tag: trailer.tag, depth: trailer.depth, salt: trailer.salt, root: root
    ) { text in
      keys.contains(tagged: trailer.tag) { key in
        unsafe key.withBytes { unsafe Ed25519.verify(text, signature: trailer.signature, publicKey: $0) }
      }
    }
    senders.limit.verified(member, from: source, isRight: isRight)
    return isRight
  }
}
