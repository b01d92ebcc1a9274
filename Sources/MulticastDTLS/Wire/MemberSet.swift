/// A set of the 256 possible members of a group, ordered by ID.
public struct MemberSet: Hashable, Sendable {
  /// The members, ascending and without repetition.
  public let members: [MemberID]

  /// Creates a set of members; repetitions count once.
  public init(_ members: some Sequence<MemberID>) {
    self.members = Set(members).sorted()
  }

  /// Creates the set of all members in a range.
  public init(_ range: ClosedRange<UInt8>) {
    self.init(range.map(MemberID.init(rawValue:)))
  }

  /// Parses ranges and single IDs, separated by commas: `0-2,7`; `0-255` is everyone.
  ///
  /// - Throws: ``InvalidValue`` if a part is empty, is not a number or range, runs backwards or goes past 255.
  public init(_ text: some StringProtocol) throws(InvalidValue) {
    var members: [MemberID] = []
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      let ends = part.split(separator: "-", omittingEmptySubsequences: false)
      guard (1...2).contains(ends.count), let first = Int(decimal: ends[0]),
        let last = Int(decimal: ends[ends.count - 1])
      else {
        throw InvalidValue("'\(part)' in '\(text)' is no node ID or range: give something like 0-2,7")
      }
      guard first <= last else {
        throw InvalidValue("the range '\(part)' runs backwards: write \(last)-\(first)")
      }
      guard let low = UInt8(exactly: first), let high = UInt8(exactly: last) else {
        throw InvalidValue("'\(part)' in '\(text)' goes past 255, the highest node ID")
      }
      members += (low...high).map(MemberID.init(rawValue:))
    }
    self.init(members)
  }

  /// The members to wait for: the set without the own ID. Empty for all 256, which names nobody in particular.
  package func awaited(at own: MemberID?) -> MemberSet {
    members.count == 256 ? MemberSet([]) : MemberSet(members.filter { $0 != own })
  }

  /// True if the set contains a member.
  public func contains(_ member: MemberID) -> Bool {
    members.contains(member)
  }
}

extension MemberSet: CustomStringConvertible {
  /// The set in the form that ``init(_:)-(StringProtocol)`` parses: runs as ranges, separated by commas.
  public var description: String {
    var runs: [ClosedRange<UInt8>] = []
    for id in members.map(\.rawValue) {
      if let last = runs.last, last.upperBound + 1 == id {
        runs[runs.count - 1] = last.lowerBound...id
      } else {
        runs.append(id...id)
      }
    }
    return runs.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)" }.joined(separator: ",")
  }

  /// The set in the middle of a sentence: `node 1`, `nodes 1-3`.
  package var named: String { "node\(members.count == 1 ? "" : "s") \(self)" }
}
