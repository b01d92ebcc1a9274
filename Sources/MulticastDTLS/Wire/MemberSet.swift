/// Some of the 256 possible members of a group, in the order of their IDs.
public struct MemberSet: Hashable, Sendable {
  /// The members, ascending and without repetition.
  public let members: [MemberID]

  /// Makes a set of members; repetitions count once.
  public init(_ members: some Sequence<MemberID>) {
    self.members = Set(members).sorted()
  }

  /// Makes the set of all members in a range.
  public init(_ range: ClosedRange<UInt8>) {
    self.init(range.map(MemberID.init(rawValue:)))
  }

  /// Reads ranges and single IDs, separated by commas: `0-2,7`; `0-255` is everyone.
  ///
  /// - Throws: ``InvalidValue`` if a part is empty, is no number or range, runs backwards or goes past 255.
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

  /// The members that somebody has named, without one of them. All 256 are everyone, which names nobody.
  package func awaited(at own: MemberID?) -> MemberSet {
    members.count == 256 ? MemberSet([]) : MemberSet(members.filter { $0 != own })
  }

  /// Says whether a member belongs to the set.
  public func contains(_ member: MemberID) -> Bool {
    members.contains(member)
  }
}

extension MemberSet: CustomStringConvertible {
  /// The set as ``init(_:)-(StringProtocol)`` reads it: runs as ranges, separated by commas.
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

  /// The same for the middle of a sentence: `node 1`, `nodes 1-3`.
  package var named: String { "node\(members.count == 1 ? "" : "s") \(self)" }
}
