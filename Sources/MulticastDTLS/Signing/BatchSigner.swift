import Glibc

/// Signs the messages of one batch after another: a tree over all of a batch, and one signature for its root. Allocates
/// nothing for a message or a batch. One thread at a time may use it.
///
/// 1. ``begin()`` draws the salt: the messages are fixed by then.
/// 2. ``add(_:_:)`` hashes each message with its number.
/// 3. ``finish(_:_:)`` hashes the tree, and signs its root.
/// 4. ``payload(_:_:)`` lends each message with its trailer.
@safe
struct BatchSigner: ~Copyable {
  /// The number of messages.
  private(set) var count = 0

  private var salt: UInt64 = 0
  private var depth = 0
  private var tag: UInt8 = 0
  private let nodes = UnsafeMutablePointer<Hash16>.allocate(capacity: SignatureTree.nodeCount)
  private let leaves = UnsafeMutablePointer<Hash16>.allocate(capacity: SignatureTree.capacity)
  private let signature = UnsafeMutableRawPointer.allocate(byteCount: Ed25519.signatureSize, alignment: 16)
  private let scratch = UnsafeMutableRawBufferPointer.allocate(byteCount: Ed25519.keySize, alignment: 16)
  private let room = UnsafeMutableRawBufferPointer.allocate(byteCount: RecordHeader.maximumRecord, alignment: 16)
  private let text = SignedText()

  init() {
    unsafe nodes.initialize(repeating: .zero, count: SignatureTree.nodeCount)
    unsafe leaves.initialize(repeating: .zero, count: SignatureTree.capacity)
    unsafe signature.initializeMemory(as: UInt8.self, repeating: 0, count: Ed25519.signatureSize)
    unsafe scratch.initializeMemory(as: UInt8.self, repeating: 0)
  }

  deinit {
    unsafe nodes.deallocate()
    unsafe leaves.deallocate()
    unsafe signature.deallocate()
    unsafe scratch.deallocate()
    unsafe room.deallocate()
  }

  /// Begins a tree.
  ///
  /// - Parameter salt: The salt; tests give that of the vectors.
  mutating func begin(salt: UInt64 = .random(in: .min ... .max)) {
    (self.salt, count) = (salt, 0)
  }

  /// Adds a message.
  ///
  /// - Parameter number: Bytes 3 to 10 of its record, as in memory.
  mutating func add(_ message: UnsafeRawBufferPointer, _ number: UInt64) {
    precondition(count < SignatureTree.capacity, "a tree that is full must be finished first")
    unsafe leaves[count] = unsafe SignatureTree.leaf(salt, number, message)
    count += 1
  }

  /// Signs the tree, which has at least one message.
  ///
  /// - Throws: ``WolfSSLError`` if wolfCrypt fails.
  mutating func finish(_ identity: Identity, _ context: GroupContext) throws(WolfSSLError) {
    depth = SignatureTree.depth(of: count)
    tag = identity.publicKey.tag
    let first = 1 << depth
    for index in 0..<first { unsafe nodes[first + index] = index < count ? unsafe leaves[index] : .zero }
    for number in (1..<first).reversed() {
      unsafe nodes[number] = unsafe SignatureTree.node(nodes[2 * number], nodes[2 * number + 1])
    }
    let root = unsafe nodes[1]
    try unsafe text.withText(context, tag: tag, depth: depth, salt: salt, root: root) { text throws(WolfSSLError) in
      try unsafe identity.sign(text, scratch: scratch, into: signature)
    }
  }

  /// Lends a message and its trailer, until the next call.
  ///
  /// - Parameter index: The place of the message in the tree.
  func payload(_ message: UnsafeRawBufferPointer, _ index: Int) -> UnsafeRawBufferPointer {
    let size = message.count + SignatureTrailer.size(depth: depth)
    let isInRoom = unsafe size <= room.count && index < count
    precondition(isInRoom, "the message must be one of the tree, and have room")
    var place = unsafe room.baseAddress.unsafelyUnwrapped
    if let start = message.baseAddress { unsafe place.copyMemory(from: start, byteCount: message.count) }
    unsafe place += message.count
    var number = 1 << depth + index
    for _ in 0..<depth {
      unsafe nodes[number ^ 1].write(to: place)
      unsafe place += Hash16.size
      number >>= 1
    }
    unsafe SignatureTrailer.writeEnd(
      to: place, signature: UnsafeRawPointer(signature), salt: salt, index: index, tag: tag, depth: depth)
    return unsafe UnsafeRawBufferPointer(rebasing: room[..<size])
  }
}
