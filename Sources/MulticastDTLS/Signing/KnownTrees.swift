/// The latest trees of one member whose signatures were verified: a message of such a tree costs hashes, and no signature.
/// Confined to the receive thread.
///
/// Of a tree, the nodes are known that led up to its root from a message, and their siblings: only the right message has the
/// hash of a known node. Two trees are kept, since two batches can arrive in turns; and beside them the last message that was
/// a tree of its own, so that single messages between batches do not displace them.
@safe
final class KnownTrees {
  private struct Name {
    var salt: UInt64 = 0
    var depth = -1
    var tag: UInt8 = 0

    init() {}

    init(_ trailer: SignatureTrailer) {
      (salt, depth, tag) = (trailer.salt, trailer.depth, trailer.tag)
    }

    func isOf(_ trailer: SignatureTrailer) -> Bool {
      salt == trailer.salt && depth == trailer.depth && tag == trailer.tag
    }
  }

  /// The number of times that the member's keys had changed when its trees were verified.
  let keyChanges: Int

  private var first = Name()
  private var second = Name()
  private var single = Name()
  private var singleRoot = Hash16.zero
  /// The place of the older tree.
  private var oldest = 0
  /// The nodes of both trees, and a bit for each that is known.
  private let nodes = UnsafeMutablePointer<Hash16>.allocate(capacity: 2 * SignatureTree.nodeCount)
  private let known = UnsafeMutablePointer<UInt64>.allocate(capacity: 2 * SignatureTree.nodeCount / 64)

  init(keyChanges: Int = 0) {
    self.keyChanges = keyChanges
    unsafe nodes.initialize(repeating: .zero, count: 2 * SignatureTree.nodeCount)
    unsafe known.initialize(repeating: 0, count: 2 * SignatureTree.nodeCount / 64)
  }

  deinit {
    unsafe nodes.deallocate()
    unsafe known.deallocate()
  }

  /// The verdict on a message.
  enum Verdict {
    /// It is one of a known tree.
    case known
    /// Its tree is known, and it is none of its messages.
    case wrong
    /// Its tree is not known: this is the root to verify.
    case unknown(root: Hash16)
  }

  /// Climbs from a leaf to a node that is known, or to the root.
  ///
  /// - Parameter path: Room for the nodes of the message from its leaf upward, as far as they are computed: 8.
  func judge(_ leaf: Hash16, _ trailer: SignatureTrailer, _ path: UnsafeMutablePointer<Hash16>) -> Verdict {
    if trailer.depth == 0 {
      unsafe path[0] = leaf
      guard single.isOf(trailer) else { return .unknown(root: leaf) }
      return singleRoot == leaf ? .known : .wrong
    }
    let place = first.isOf(trailer) ? 0 : second.isOf(trailer) ? 1 : -1
    var (node, number) = (leaf, 1 << trailer.depth + trailer.index)
    for level in 0..<trailer.depth {
      unsafe path[level] = node
      if place >= 0, isKnown(place, number) {
        guard unsafe nodes[place * SignatureTree.nodeCount + number] == node else { return .wrong }
        if level > 0 { unsafe learn(place, trailer, path, below: level) }
        return .known
      }
      node = SignatureTree.parent(of: number, node, sibling: trailer.sibling(level))
      number >>= 1
    }
    unsafe path[trailer.depth] = node
    guard place >= 0 else { return .unknown(root: node) }
    guard unsafe nodes[place * SignatureTree.nodeCount + 1] == node else { return .wrong }
    unsafe learn(place, trailer, path, below: trailer.depth)
    return .known
  }

  /// Remembers the tree of a message whose root was verified, in place of the older one.
  func remember(_ trailer: SignatureTrailer, _ path: UnsafeMutablePointer<Hash16>) {
    if trailer.depth == 0 {
      unsafe (single, singleRoot) = (Name(trailer), path[0])
      return
    }
    let place = oldest
    oldest = 1 - oldest
    if place == 0 { first = Name(trailer) } else { second = Name(trailer) }
    for word in 0..<SignatureTree.nodeCount / 64 { unsafe known[place * SignatureTree.nodeCount / 64 + word] = 0 }
    unsafe nodes[place * SignatureTree.nodeCount + 1] = unsafe path[trailer.depth]
    setKnown(place, 1)
    unsafe learn(place, trailer, path, below: trailer.depth)
  }

  /// Remembers the nodes of a path below a known node, and their siblings.
  private func learn(
    _ place: Int, _ trailer: SignatureTrailer, _ path: UnsafeMutablePointer<Hash16>, below level: Int
  ) {
    var number = 1 << trailer.depth + trailer.index
    let tree = unsafe nodes + place * SignatureTree.nodeCount
    for level in 0..<level {
      unsafe tree[number] = unsafe path[level]
      unsafe tree[number ^ 1] = trailer.sibling(level)
      setKnown(place, number)
      setKnown(place, number ^ 1)
      number >>= 1
    }
  }

  private func isKnown(_ place: Int, _ number: Int) -> Bool {
    unsafe known[place * SignatureTree.nodeCount / 64 + number >> 6] & 1 << UInt64(number & 63) != 0
  }

  private func setKnown(_ place: Int, _ number: Int) {
    unsafe known[place * SignatureTree.nodeCount / 64 + number >> 6] |= 1 << UInt64(number & 63)
  }
}
