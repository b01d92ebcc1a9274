/// The memory of one node of one secret, and its form on disk.
///
/// It is text, so that a person can look at it (see ``SealedFile`` for what is added, so that no half of it is taken for the
/// whole, and no copy for the file itself):
///
///     mcast-peer state 2
///     node 9ab7-6d2d 0
///     group 239.255.0.1:12345
///     epoch 7
///     complete
///     heard 1 3 4021
struct NodeState: Hashable, Sendable {
  /// The latest epoch that the node has sent in, or may have; nil if none is known.
  var epoch: Epoch?
  /// True if that is all: without it the node may have used later epochs, of which a state knew that was lost.
  var isComplete = false
  /// The group that the node sent to last.
  var group: String?
  /// How far each other member has been heard.
  var heard: [MemberID: ReplayPosition] = [:]

  private static let title = "mcast-peer state 2"
  /// Former versions kept a state for each node that had sent, and no more of it.
  private static let formerTitle = "mcast-peer state 1"

  /// True if lines are a state of a former version's.
  static func isFormer(_ lines: [Substring]) -> Bool { lines.first == formerTitle[...] }

  /// Takes over what another knows better: later epochs, and what was heard further.
  mutating func merge(_ other: NodeState) {
    epoch = [epoch, other.epoch].compactMap(\.self).max()
    isComplete = isComplete || other.isComplete
    group = group ?? other.group
    heard.merge(other.heard) { max($0, $1) }
  }

  /// Writes the state down, for one node of one secret.
  func lines(for node: String) -> [String] {
    var lines = [Self.title, "node \(node)"]
    if let group { lines.append("group \(group)") }
    if let epoch { lines.append("epoch \(epoch)") }
    if isComplete { lines.append("complete") }
    for (member, position) in heard.sorted(by: { $0.key < $1.key }) {
      lines.append("heard \(member) \(position.epoch) \(position.next)")
    }
    return lines
  }

  /// Puts a state together.
  init(
    epoch: Epoch? = nil, isComplete: Bool = false, group: String? = nil, heard: [MemberID: ReplayPosition] = [:]
  ) {
    self.epoch = epoch
    self.isComplete = isComplete
    self.group = group
    self.heard = heard
  }

  /// Reads a state, all of it or nothing.
  ///
  /// - Throws: ``SealedText/Corrupt`` if any of it is not as ``lines(for:)`` writes it, or it is another node's.
  init(_ lines: [Substring], for node: String) throws(SealedText.Corrupt) {
    guard let title = lines.first.map(String.init), [Self.title, Self.formerTitle].contains(title) else {
      throw SealedText.Corrupt(description: "it does not begin as one")
    }
    guard lines.dropFirst().first == "node \(node)" else {
      throw SealedText.Corrupt(description: "it is another node's")
    }
    for line in lines.dropFirst(2) { try take(line) }
    if title == Self.formerTitle { isComplete = epoch != nil }
  }

  private mutating func take(_ line: Substring) throws(SealedText.Corrupt) {
    let words = line.split(separator: " ", omittingEmptySubsequences: false)
    let numbers = words.dropFirst().compactMap { UInt64(decimal: $0) }
    switch (words[0], numbers.count, words.count) {
    case ("epoch", 1, 2):
      epoch = try? Epoch(numbers[0])
      guard epoch != nil else { throw SealedText.Corrupt(description: "'\(line)' names no epoch") }
    case ("complete", 0, 1):
      isComplete = true
    case ("group", _, 2) where !words[1].isEmpty:
      group = String(words[1])
    case ("heard", 3, 4):
      guard let member = UInt8(exactly: numbers[0]).map(MemberID.init(rawValue:)), heard[member] == nil,
        let epoch = try? Epoch(numbers[1]), (1...RecordHeader.sequenceLimit).contains(numbers[2])
      else { throw SealedText.Corrupt(description: "'\(line)' is not possible") }
      heard[member] = ReplayPosition(epoch: epoch, next: numbers[2])
    default:
      throw SealedText.Corrupt(description: "'\(line)' means nothing")
    }
  }
}
