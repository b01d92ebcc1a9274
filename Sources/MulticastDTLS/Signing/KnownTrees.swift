/// The latest trees of one member whose signatures were verified: a message of such a tree costs hashes, and no signature.
/// Confined to the receive thread.
///
/// Of a tree, the nodes are known that led up to its root from a message, and their siblings: only the right message has the
/// hash of a known node. Two trees are kept, since two batches can arrive in turns; and beside them the last message that was
/// a tree of its own, so that single messages between batches do not displace them.
@safe
final class KnownTrees {
  /// The nodes of a message from its leaf upward, as far as they were computed.
  typealias Path = InlineArray<8, Hash16>

  private struct Tree {
    var salt: UInt64 = 0
    var depth = -1
    var tag: UInt8 = 0
    /// One bit for each known node.
    var known = SIMD4<UInt64>()

    func knows(_ number: Int) -> Bool { known[number >> 6] & 1 << UInt64(number & 63) != 0 }

    mutating func learn(_ number: Int) { known[number >> 6] |= 1 << UInt64(number & 63) }
  }

  private var trees = InlineArray<2, Tree>(repeating: Tree())
  private var oldest = 0
  private let nodes = UnsafeMutablePointer<Hash16>.allocate(capacity: 2 * SignatureTree.nodeCount)
  private var single = Tree()
  private var singleRoot = Hash16.zero

  init() {
    unsafe nodes.initialize(repeating: .zero, count: 2 * SignatureTree.nodeCount)
  }

  deinit {
    unsafe nodes.deallocate()
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
  func judge(_ leaf: Hash16, _ trailer: SignatureTrailer, _ path: inout Path) -> Verdict {
    if trailer.depth == 0 {
      path[0] = leaf
      guard Self.matches(single, trailer) else { return .unknown(root: leaf) }
      return singleRoot == leaf ? .known : .wrong
    }
    let place = Self.matches(trees[0], trailer) ? 0 : Self.matches(trees[1], trailer) ? 1 : nil
    var (node, number) = (leaf, 1 << trailer.depth + trailer.index)
    for level in 0...trailer.depth {
      path[level] = node
      if let place, trees[place].knows(number) {
        guard unsafe nodes[place * SignatureTree.nodeCount + number] == node else { return .wrong }
        learn(place, trailer, path, below: level)
        return .known
      }
      if level == trailer.depth { break }
      node = SignatureTree.parent(of: number, node, sibling: trailer.sibling(level))
      number >>= 1
    }
    return .unknown(root: node)
  }

  /// Remembers the tree of a message whose root was verified, in place of the older one.
  func remember(_ trailer: SignatureTrailer, _ path: Path) {
    let tree = Tree(salt: trailer.salt, depth: trailer.depth, tag: trailer.tag)
    if trailer.depth == 0 {
      (single, singleRoot) = (tree, path[0])
      return
    }
    let place = oldest
    oldest = 1 - oldest
    trees[place] = tree
    trees[place].learn(1)
    unsafe nodes[place * SignatureTree.nodeCount + 1] = path[trailer.depth]
    learn(place, trailer, path, below: trailer.depth)
  }

  /// Remembers the nodes of a path below a known node, and their siblings.
  private func learn(_ place: Int, _ trailer: SignatureTrailer, _ path: Path, below level: Int) {
    var number = 1 << trailer.depth + trailer.index
    let tree = unsafe nodes + place * SignatureTree.nodeCount
    for level in 0..<level {
      unsafe tree[number] = path[level]
      unsafe tree[number ^ 1] = trailer.sibling(level)
      trees[place].learn(number)
      trees[place].learn(number ^ 1)
      number >>= 1
    }
  }

  private static func matches(_ tree: Tree, _ trailer: SignatureTrailer) -> Bool {
    tree.salt == trailer.salt && tree.depth == trailer.depth && tree.tag == trailer.tag
  }
}
