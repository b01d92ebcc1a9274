/// The state of one member under one secret, and its form on disk.
///
/// The form is text, so that a person can read it. ``SealedFile`` adds the lines that detect a torn file and a copy.
///
///     mcast-peer state 2
///     node 9ab7-6d2d 0
///     group 239.255.0.1:12345
///     epoch 7
///     complete
///     heard 1 3 4021
struct MemberState: Hashable, Sendable {
  /// The latest epoch that the member may have sent in; nil if none is known.
  var epoch: Epoch?
  /// True if the member cannot have used a later epoch. False if, for instance, an earlier state was lost.
  var isComplete = false
  /// The group that the member last sent to.
  var group: String?
  /// The replay position of each other member.
  var heard: [MemberID: ReplayPosition] = [:]

  private static let title = "mcast-peer state 2"
  /// Earlier versions kept a state for every member that had sent, without a `complete` line.
  private static let formerTitle = "mcast-peer state 1"

  /// True if an earlier version wrote the lines.
  static func isFormer(_ lines: [Substring]) -> Bool { lines.first == formerTitle[...] }

  /// Merges another state: takes the later epoch, and the further position of each member.
  mutating func merge(_ other: MemberState) {
    epoch = [epoch, other.epoch].compactMap(\.self).max()
    isComplete = isComplete || other.isComplete
    group = group ?? other.group
    heard.merge(other.heard) { max($0, $1) }
  }

  /// Formats the state for one member of one secret.
  func lines(for owner: String) -> [String] {
    var lines = [Self.title, "node \(owner)"]
    if let group { lines.append("group \(group)") }
    if let epoch { lines.append("epoch \(epoch)") }
    if isComplete { lines.append("complete") }
    for (member, position) in heard.sorted(by: { $0.key < $1.key }) {
      lines.append("heard \(member) \(position.epoch) \(position.next)")
    }
    return lines
  }

  /// Creates a state from its parts.
  init(
    epoch: Epoch? = nil, isComplete: Bool = false, group: String? = nil, heard: [MemberID: ReplayPosition] = [:]
  ) {
    self.epoch = epoch
    self.isComplete = isComplete
    self.group = group
    self.heard = heard
  }

  /// Parses a state, all of it or nothing.
  ///
  /// - Throws: ``SealedText/Corrupt`` if a line differs from the form of ``lines(for:)``, or the state is another
  ///   member's.
  init(_ lines: [Substring], for owner: String) throws(SealedText.Corrupt) {
    guard let title = lines.first.map(String.init), [Self.title, Self.formerTitle].contains(title) else {
      throw SealedText.Corrupt(description: "it does not begin as one")
    }
    guard lines.dropFirst().first == "node \(owner)" else {
      throw SealedText.Corrupt(description: "it is another member's, or another secret's")
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
