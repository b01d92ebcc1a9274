/// The members of a group, and their names: one member a line, `ID [NAME] [listens]`.
///
/// Blank lines, and the rest of a line after `#`, are comments. A name has 1 to 63 letters, digits, dots, hyphens and
/// underscores of ASCII, and belongs to one member. `listens` marks a member that sends nothing, so that nobody misses it.
public struct Roster: Hashable, Sendable {
  /// The members.
  public private(set) var members = MemberSet()
  /// The members that send nothing.
  public private(set) var listeners = MemberSet()
  private var names: [MemberID: String] = [:]

  /// The word that marks such a member.
  private static let mark = "listens"

  /// The longest word in bytes that an error shows.
  private static let longestShown = 4

  /// The longest name, in characters: a label of a host name. Source: RFC 1035, section 2.3.4.
  static let longestName = 63

  /// The name of a member; nil if it has none.
  public func name(of member: MemberID) -> String? { names[member] }

  /// True if a member has a name.
  public var hasNames: Bool { !names.isEmpty }

  /// Takes members without names.
  public init(_ members: MemberSet) {
    self.members = members
  }

  /// Parses a text.
  ///
  /// - Parameter origin: The file, for errors.
  /// - Throws: ``RosterError/unusable(_:)`` with the number of the first bad line.
  init(_ text: String, origin: String) throws(RosterError) {
    // A Windows line end is one character.
    let lines = text.split(omittingEmptySubsequences: false) { $0 == "\n" || $0 == "\r\n" }
    for (index, line) in lines.enumerated() {
      do throws(InvalidValue) {
        try add(line.prefix { $0 != "#" }.split { $0 == " " || $0 == "\t" })
      } catch {
        throw .unusable("line \(index + 1) of \(origin): \(error)")
      }
    }
    guard !members.isEmpty else {
      throw .unusable("\(origin) has no member: write one member a line, as in: 7 robot-7")
    }
  }

  /// Adds a line. Its errors show no more of it than a short number: the secret may be in the wrong file.
  private mutating func add(_ words: [Substring]) throws(InvalidValue) {
    guard let first = words.first else { return }
    guard let member = try? MemberID(first) else {
      let shown = first.utf8.count <= Self.longestShown ? "'\(first)'" : "its first word"
      throw InvalidValue("\(shown) is not a member ID: write a whole number from 0 to 255, as in: 7 robot-7")
    }
    let isListener = words.count > 1 && words[words.count - 1] == Self.mark
    let words = isListener ? words.dropLast() : words[...]
    guard words.count <= 2 else {
      throw InvalidValue("more words follow the name: write one member a line, as in: \(member) robot-\(member)")
    }
    guard !members.contains(member) else {
      throw InvalidValue("member \(member) is there twice: remove one of the lines")
    }
    members.insert(member)
    if isListener { listeners.insert(member) }
    guard words.count == 2 else { return }
    let name = String(words[1])
    guard Self.isName(name), name != Self.mark else {
      throw InvalidValue(
        "the name of member \(member) is none: write at most \(Self.longestName) letters, digits, dots, hyphens and "
          + "underscores")
    }
    if let other = names.first(where: { $0.value == name })?.key {
      throw InvalidValue("members \(other) and \(member) have the same name, '\(name)': give one of them another")
    }
    names[member] = name
  }

  private static func isName(_ text: String) -> Bool {
    text.utf8.count <= longestName
      && text.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"):
          true
        default: false
        }
      }
  }
}
