import CWolfSSL

/// What one node must know after a restart, and its form on disk.
///
/// It is text, so that a person can look at it, and ends with a checksum, so that no half of it is taken for the whole:
///
///     mcast-peer state 1
///     node 9ab7-6d2d 0
///     epoch 7
///     heard 1 3 4021
///     check 5f0c6b1e09d2a7c4
struct NodeState: Hashable, Sendable {
  /// The latest epoch that the node has sent in, or may have; nil before the first.
  var epoch: Epoch?
  /// How far each other member has been heard.
  var heard: [MemberID: Position] = [:]

  /// A text that is not a node's state.
  struct Corrupt: Error, CustomStringConvertible {
    let description: String
  }

  /// Takes over what another knows better: later epochs, and what was heard further.
  mutating func merge(_ other: NodeState) {
    epoch = [epoch, other.epoch].compactMap(\.self).max()
    heard.merge(other.heard) { max($0, $1) }
  }

  /// Writes the state down, for one node of one group.
  func encoded(for node: String) -> String {
    var text = "mcast-peer state 1\nnode \(node)\n"
    if let epoch { text += "epoch \(epoch)\n" }
    for (member, position) in heard.sorted(by: { $0.key < $1.key }) {
      text += "heard \(member) \(position.epoch) \(position.next)\n"
    }
    return Self.sealed(text)
  }

  /// Puts a state together.
  init(epoch: Epoch? = nil, heard: [MemberID: Position] = [:]) {
    self.epoch = epoch
    self.heard = heard
  }

  /// Reads a state, all of it or nothing.
  ///
  /// - Throws: ``Corrupt`` if any of it is not as ``encoded(for:)`` writes it, or it is another node's.
  init(_ text: String, for node: String) throws(Corrupt) {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    guard lines.first == "mcast-peer state 1" else { throw Corrupt(description: "it does not begin as one") }
    let content = lines.dropLast(2)
    guard lines.last == "", lines.dropLast().last == "check \(Self.checksum(content.map { $0 + "\n" }.joined()))" else {
      throw Corrupt(description: "its checksum is wrong")
    }
    guard content.dropFirst().first == "node \(node)" else { throw Corrupt(description: "it is another node's") }
    for line in content.dropFirst(2) {
      let words = line.split(separator: " ", omittingEmptySubsequences: false)
      let numbers = words.dropFirst().compactMap { UInt64(decimal: $0) }
      switch (words[0], numbers.count, words.count) {
      case ("epoch", 1, 2):
        epoch = try? Epoch(numbers[0])
        guard epoch != nil else { throw Corrupt(description: "'\(line)' names no epoch") }
      case ("heard", 3, 4):
        guard let member = UInt8(exactly: numbers[0]).map(MemberID.init(rawValue:)), heard[member] == nil,
          let epoch = try? Epoch(numbers[1]), (1...RecordHeader.sequenceLimit).contains(numbers[2])
        else { throw Corrupt(description: "'\(line)' is not possible") }
        heard[member] = Position(epoch: epoch, next: numbers[2])
      default:
        throw Corrupt(description: "'\(line)' means nothing")
      }
    }
  }

  /// Adds the line with the checksum.
  static func sealed(_ text: String) -> String {
    text + "check \(checksum(text))\n"
  }

  /// The first 8 bytes of the text's SHA-256, in hex.
  private static func checksum(_ text: String) -> String {
    let bytes = Array(text.utf8)
    var digest = [UInt8](repeating: 0, count: 32)
    // wolfCrypt reference, wc_Sha256Hash: 0 on success. If it fails, what is read does not agree, and nothing is guessed.
    guard unsafe wc_Sha256Hash(bytes, UInt32(bytes.count), &digest) == 0 else { return "none" }
    return hexadecimal(digest.prefix(8))
  }
}
