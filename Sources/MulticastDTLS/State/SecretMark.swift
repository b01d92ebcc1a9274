/// The mark of one secret in a state directory: the members that have sent with it from here, and the form on disk.
///
/// If the secret was made here, a member without an entry has not sent with it from here: it is new.
///
///     mcast-peer mark 1
///     secret 9ab7-6d2d
///     made here
///     node 0
struct SecretMark: Hashable {
  /// True if the secret was made here, so that no member can have sent with it before the mark existed.
  var isMadeHere = false
  /// The members that have sent with the secret from here.
  var members: Set<MemberID> = []

  private static let title = "mcast-peer mark 1"

  /// True if a member is known not to have sent with the secret.
  func isNew(_ member: MemberID) -> Bool {
    isMadeHere && !members.contains(member)
  }

  /// Formats the mark.
  func lines(for keyID: KeyID) -> [String] {
    [Self.title, "secret \(keyID)"] + (isMadeHere ? ["made here"] : []) + members.sorted().map { "node \($0)" }
  }

  /// Creates a mark from its parts.
  init(isMadeHere: Bool = false, members: Set<MemberID> = []) {
    self.isMadeHere = isMadeHere
    self.members = members
  }

  /// Parses a mark, all of it or nothing.
  ///
  /// - Throws: ``SealedText/Corrupt`` if a line differs from the form of ``lines(for:)``, or the mark is another
  ///   secret's.
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
          throw SealedText.Corrupt(description: "'\(line)' names no member")
        }
        members.insert(MemberID(rawValue: member))
      default:
        throw SealedText.Corrupt(description: "'\(line)' means nothing")
      }
    }
  }
}
