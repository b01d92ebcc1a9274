/// The hashes of a tree over the messages of a batch, as in RFC 6962 section 2.1: one signature of the root signs them all.
///
/// Nodes are numbered as in a heap: the root is 1, the children of node i are 2i and 2i + 1, and the leaf of message i is
/// node 2^depth + i. A tree of one message has only its root.
enum SignatureTree {
  /// The most messages of a tree.
  static let capacity = 128
  /// The depth of the largest tree.
  static let maximumDepth = 7
  /// The number of nodes of the largest tree, and the unused number 0.
  static let nodeCount = 256
  /// The random bytes that every leaf of a tree begins with. They are drawn once the messages are fixed, so that nobody can
  /// prepare two messages with one hash.
  static let saltSize = 8

  /// The depth of the tree over so many messages: 0 for one, 7 for 65 to 128.
  static func depth(of count: Int) -> Int {
    Int.bitWidth - (count - 1).leadingZeroBitCount
  }

  /// The hash of a message with its salt and its number.
  ///
  /// - Parameter number: Bytes 3 to 10 of the record, as in memory: epoch, member and sequence.
  static func leaf(_ salt: UInt64, _ number: UInt64, _ message: UnsafeRawBufferPointer) -> Hash16 {
    unsafe withUnsafeBytes(of: salt) { salt in
      unsafe withUnsafeBytes(of: number) { number in
        unsafe Hash16(prefix: 0, salt, number, message)
      }
    }
  }

  /// The hash of two nodes, in their order.
  static func node(_ left: Hash16, _ right: Hash16) -> Hash16 {
    unsafe withUnsafeBytes(of: left) { left in
      unsafe withUnsafeBytes(of: right) { right in
        unsafe Hash16(prefix: 1, left, right, UnsafeRawBufferPointer(start: nil, count: 0))
      }
    }
  }

  /// The parent of a node and its sibling.
  static func parent(of number: Int, _ node: Hash16, sibling: Hash16) -> Hash16 {
    number & 1 == 0 ? self.node(node, sibling) : self.node(sibling, node)
  }
}

/// The text that is signed for a tree, 74 bytes: 32 bytes for what it is, the group, the key tag, the depth, salt and root.
@safe
struct SignedText: ~Copyable {
  private static let label: StaticString = "mcast-peer source signature 1"
  private static let labelSize = 32
  private static let size = labelSize + Hash16.size + 2 + SignatureTree.saltSize + Hash16.size

  private let storage = UnsafeMutableRawBufferPointer.allocate(byteCount: size, alignment: 16)

  init() {
    unsafe storage.initializeMemory(as: UInt8.self, repeating: 0)
    unsafe storage.copyMemory(
      from: UnsafeRawBufferPointer(start: Self.label.utf8Start, count: Self.label.utf8CodeUnitCount))
  }

  deinit {
    unsafe storage.deallocate()
  }

  /// Fills the text in, and lends it.
  func withText<Value, Failure: Error>(
    _ context: GroupContext, tag: UInt8, depth: Int, salt: UInt64, root: Hash16,
    _ body: (UnsafeRawBufferPointer) throws(Failure) -> Value
  ) throws(Failure) -> Value {
    let start = unsafe storage.baseAddress.unsafelyUnwrapped + Self.labelSize
    unsafe context.hash.write(to: start)
    unsafe start.storeBytes(of: tag, toByteOffset: 16, as: UInt8.self)
    unsafe start.storeBytes(of: UInt8(depth), toByteOffset: 17, as: UInt8.self)
    unsafe start.storeBytes(of: salt, toByteOffset: 18, as: UInt64.self)
    unsafe root.write(to: start + 26)
    return try unsafe body(UnsafeRawBufferPointer(storage))
  }
}
