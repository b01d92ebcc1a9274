import ArgumentParser
import MulticastDTLS
import Synchronization
import SystemPackage

/// The members of the group, their names, and where this process has them from.
struct Members: Equatable, Sendable {
  enum Origin: Equatable, Sendable {
    /// The option `--peers`, or its variable.
    case option
    case file(FilePath)
    /// The default.
    case standard
  }

  var roster: Roster
  var origin: Origin

  /// All members.
  var all: MemberSet { roster.members }

  /// The members that are missed if nobody hears them: not this one, and none that only listens. Empty if all 256 are
  /// members.
  func awaited(at own: MemberID?) -> MemberSet { all.expected(at: own).subtracting(roster.listeners) }

  /// True if the user has named the members.
  var areGiven: Bool { origin != .standard }

  /// True if they are those of a roster.
  var hasFile: Bool {
    if case .file = origin { true } else { false }
  }

  /// The place to add a member at, in words.
  var place: String {
    if case .file(let path) = origin { "the roster \(path)" } else { "--peers \(all)" }
  }
}

extension Members {
  /// Checks that a member is one of the group.
  ///
  /// - Throws: `ValidationError` if it is not, with what to do.
  func check(_ member: MemberID) throws {
    guard !all.contains(member) else { return }
    if case .file(let path) = origin {
      throw ValidationError("member ID \(member) is not in the roster \(path): add \(lineToAdd(for: member))")
    }
    throw ValidationError(
      "member ID \(member) is not among --peers \(all): list all members, as in --peers \(MemberSet(all.members + [member]))"
    )
  }

  /// The line that a roster needs for a member, in words.
  func lineToAdd(for member: MemberID) -> String {
    roster.publicKeys.isEmpty
      ? "a line for it, as in: \(member) robot-\(member)"
      : "the line that '\(CommandTree.name) identity show \(member)' prints"
  }

  /// The largest set whose members are named one by one.
  private static let longestList = 8

  /// A member in a sentence: `member 7`, or `member 7 (robot-7)`.
  func named(_ member: MemberID) -> String { "member \(withName(member))" }

  /// A set in a sentence: `members 1-3`, or `members 1 (robot-1), 2, 3 (gateway)`.
  func named(_ members: MemberSet) -> String {
    let isListed = members.count <= Self.longestList && members.contains { roster.name(of: $0) != nil }
    let list = isListed ? members.map(withName).joined(separator: ", ") : "\(members)"
    return "member\(members.count == 1 ? "" : "s") \(list)"
  }

  /// A member's ID, and its name if it has one: `7 (robot-7)`.
  func withName(_ member: MemberID) -> String {
    roster.name(of: member).map { "\(member) (\($0))" } ?? "\(member)"
  }
}

/// The members that this process uses now: a reload replaces them.
final class CurrentMembers: Sendable {
  private let members: Mutex<Members>

  init(_ members: Members) {
    self.members = Mutex(members)
  }

  var value: Members {
    get { members.withLock { $0 } }
    set { members.withLock { $0 = newValue } }
  }
}
