/// The mark of one secret in a state directory: which nodes have sent with it from here, and its form on disk.
///
/// Where the secret was made here, a node that the mark does not name has not sent with it from here: it is new.
///
///     mcast-peer mark 1
///     secret 9ab7-6d2d
///     made here
///     node 0
struct SecretMark: Hashable {
  /// True if the secret was made here, so that no node can have sent with it before the mark was there.
  var isMadeHere = false
  /// The nodes that have sent with it from here.
  var nodes: Set<MemberID> = []

  private static let title = "mcast-peer mark 1"

  /// True if a node is known not to have sent with the secret.
  func isNew(_ node: MemberID) -> Bool {
    isMadeHere && !nodes.contains(node)
  }

  /// Writes the mark down.
  func lines(for keyID: KeyID) -> [String] {
    [Self.title, "secret \(keyID)"] + (isMadeHere ? ["made here"] : []) + nodes.sorted().map { "node \($0)" }
  }

  /// Puts a mark together.
  init(isMadeHere: Bool = false, nodes: Set<MemberID> = []) {
    self.isMadeHere = isMadeHere
    self.nodes = nodes
  }

  /// Reads a mark, all of it or nothing.
  ///
  /// - Throws: ``SealedText/Corrupt`` if any of it is not as ``lines(for:)`` writes it, or it is another secret's.
  init(_ lines: [Substring], for keyID: KeyID) throws(SealedText.Corrupt) {
    guard lines.first == Self.title[...] else { throw SealedText.Corrupt(description: "it does not begin as one") }
    guard lines.dropFirst().first == "secret \(keyID)" else {
      throw SealedText.Corrupt(description: "it is another secret's")
    }
    for line in lines.dropFirst(2) {
      let words = line.split(separator: " ", omittingEmptySubsequences: false)
      switch (words.first, words.count) {
      case ("made", 2) where words[1] == "here":
        isMadeHere = true
      case ("node", 2):
        guard let member = UInt64(decimal: words[1]).flatMap({ UInt8(exactly: $0) }) else {
          throw SealedText.Corrupt(description: "'\(line)' names no node")
        }
        nodes.insert(MemberID(rawValue: member))
      default:
        throw SealedText.Corrupt(description: "'\(line)' means nothing")
      }
    }
  }
}
