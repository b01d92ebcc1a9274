/// The members of a group, their public keys and their names: one member a line, `ID [ed25519 KEY] [NAME] [listens]`.
///
/// Blank lines, and the rest of a line after `#`, are comments. `KEY` is a ``PublicKey`` in Base64; a member that changes its
/// identity has two lines, each with a key. A name has 1 to 63 letters, digits, dots, hyphens and underscores of ASCII, and
/// belongs to one member. `listens` marks a member that sends nothing, so that nobody misses it.
public struct Roster: Hashable, Sendable {
  /// The members.
  public private(set) var members = MemberSet()
  /// The members that send nothing.
  public private(set) var listeners = MemberSet()
  /// The public keys of the members that have one.
  public private(set) var publicKeys: [MemberID: MemberKeys] = [:]
  private var names: [MemberID: String] = [:]

  /// The word that marks a member that sends nothing.
  private static let mark = "listens"
  /// The word before a public key.
  private static let keyWord = "ed25519"

  /// The longest word in bytes that an error shows.
  private static let longestShown = 4

  /// The longest name, in characters: a label of a host name. Source: RFC 1035, section 2.3.4.
  static let longestName = 63

  /// The name of a member; nil if it has none.
  public func name(of member: MemberID) -> String? { names[member] }

  /// True if a member has a name.
  public var hasNames: Bool { !names.isEmpty }

  /// Takes members, their public keys if they have any, and no names.
  public init(_ members: MemberSet, publicKeys: [MemberID: MemberKeys] = [:]) {
    self.members = members
    self.publicKeys = publicKeys.filter { members.contains($0.key) }
  }

  /// The fingerprint of all public keys and their members, by which people compare rosters: of SHA-256 over
  /// `mcast-peer roster 1`, a NUL byte, and for each key, by member and then by key, the member's ID and the 32 bytes of the
  /// key. Nil if there is no key.
  public var fingerprint: Fingerprint? {
    if publicKeys.isEmpty { return nil }
    let entries = publicKeys.sorted { $0.key < $1.key }.flatMap { member, keys in
      keys.all.map(\.bytes).sorted { $0.lexicographicallyPrecedes($1) }.map { [member.rawValue] + $0 }
    }
    return Fingerprint("mcast-peer roster 1", entries.joined())
  }

  /// The line of a member in a roster, without its end.
  public static func line(of member: MemberID, _ key: PublicKey, name: String? = nil) -> String {
    "\(member) \(keyWord) \(key)" + (name.map { " \($0)" } ?? "")
  }

  /// True if a text can be the name of a member.
  public static func isName(_ text: String) -> Bool {
    ![mark, keyWord].contains(text) && (1...longestName).contains(text.utf8.count)
      && text.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"):
          true
        default: false
        }
      }
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
    var words = isListener ? words.dropFirst().dropLast() : words.dropFirst()
    let key = try Self.takeKey(of: member, &words)
    guard words.count <= 1 else {
      throw InvalidValue(
        "more words follow the name: write one member a line, as in: \(member) robot-\(member), or with its key: \(member) "
          + "\(Self.keyWord) KEY robot-\(member)")
    }
    try add(key, of: member)
    if isListener { listeners.insert(member) }
    if let name = words.first { try add(String(name), of: member) }
  }

  /// Takes the public key of a line, which stands before the name.
  private static func takeKey(of member: MemberID, _ words: inout ArraySlice<Substring>) throws(InvalidValue)
    -> PublicKey?
  {
    guard words.first == keyWord[...] else { return nil }
    guard words.count > 1 else {
      throw InvalidValue(
        "the public key of member \(member) is missing after '\(keyWord)': copy the line that the member printed")
    }
    do {
      let key = try PublicKey(words[words.startIndex + 1])
      words = words.dropFirst(2)
      return key
    } catch {
      throw InvalidValue("the public key of member \(member) cannot be used: \(error)")
    }
  }

  private mutating func add(_ key: PublicKey?, of member: MemberID) throws(InvalidValue) {
    if let key, let other = publicKeys.first(where: { $0.key != member && $0.value.contains(key) })?.key {
      throw InvalidValue(
        "members \(other) and \(member) have the same public key: give each member an identity of its own")
    }
    guard members.contains(member) else {
      members.insert(member)
      publicKeys[member] = key.map { MemberKeys($0) }
      return
    }
    guard let key, let former = publicKeys[member] else {
      throw InvalidValue("member \(member) is there twice: remove one of the lines")
    }
    guard former.second == nil, former.first != key else {
      throw InvalidValue(
        "member \(member) is there too often: write one line for each of its keys, and at most two, while it changes its "
          + "identity")
    }
    publicKeys[member] = MemberKeys(former.first, key)
  }

  private mutating func add(_ name: String, of member: MemberID) throws(InvalidValue) {
    guard Self.isName(name) else {
      throw InvalidValue(
        "the name of member \(member) is none: write at most \(Self.longestName) letters, digits, dots, hyphens and "
          + "underscores")
    }
    if let other = names.first(where: { $0.value == name && $0.key != member })?.key {
      throw InvalidValue("members \(other) and \(member) have the same name, '\(name)': give one of them another")
    }
    if let former = names[member], former != name {
      throw InvalidValue("member \(member) has two names, '\(former)' and '\(name)': write one of them in both lines")
    }
    names[member] = name
  }
}
