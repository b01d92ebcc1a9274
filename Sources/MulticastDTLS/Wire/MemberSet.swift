/// A set of the 256 possible members of a group, iterated in the order of their IDs.
public struct MemberSet: Hashable, Sendable {
  /// One bit for each member ID.
  private var bits = SIMD4<UInt64>()

  /// Makes the empty set.
  public init() {}

  /// Creates a set of members; repetitions count once.
  public init(_ members: some Sequence<MemberID>) {
    for member in members { insert(member) }
  }

  /// Creates the set of all members in a range.
  public init(_ range: ClosedRange<UInt8>) {
    self.init(range.lazy.map(MemberID.init(rawValue:)))
  }

  /// Parses ranges and single IDs, separated by commas: `0-2,7`; `0-255` is everyone.
  ///
  /// - Throws: ``InvalidValue`` if a part is empty, is not a number or range, runs backwards or goes past 255.
  public init(_ text: some StringProtocol) throws(InvalidValue) {
    var members = MemberSet()
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      let ends = part.split(separator: "-", omittingEmptySubsequences: false)
      guard (1...2).contains(ends.count), let first = Int(decimal: ends[0]),
        let last = Int(decimal: ends[ends.count - 1])
      else {
        throw InvalidValue("'\(part)' in '\(text)' is no member ID or range: give something like 0-2,7")
      }
      guard first <= last else {
        throw InvalidValue("the range '\(part)' runs backwards: write \(last)-\(first)")
      }
      guard let low = UInt8(exactly: first), let high = UInt8(exactly: last) else {
        throw InvalidValue("'\(part)' in '\(text)' goes past 255, the highest member ID")
      }
      members.formUnion(MemberSet(low...high))
    }
    self = members
  }

  /// The members, ascending and without repetition.
  public var members: [MemberID] { Array(self) }

  /// The number of members.
  public var count: Int { bits.indices.reduce(0) { $0 + bits[$1].nonzeroBitCount } }

  /// True if the set has no member.
  public var isEmpty: Bool { bits == SIMD4() }

  /// True if a member belongs to the set.
  public func contains(_ member: MemberID) -> Bool {
    bits[Int(member.rawValue >> 6)] & 1 << UInt64(member.rawValue & 63) != 0
  }

  /// Adds a member.
  public mutating func insert(_ member: MemberID) {
    bits[Int(member.rawValue >> 6)] |= 1 << UInt64(member.rawValue & 63)
  }

  /// Removes a member. Returns true if it was there.
  @discardableResult
  public mutating func remove(_ member: MemberID) -> Bool {
    let isThere = contains(member)
    bits[Int(member.rawValue >> 6)] &= ~(1 << UInt64(member.rawValue & 63))
    return isThere
  }

  /// Adds the members of another set.
  public mutating func formUnion(_ other: MemberSet) {
    bits |= other.bits
  }

  /// The members of both sets.
  public func union(_ other: MemberSet) -> MemberSet {
    var union = self
    union.formUnion(other)
    return union
  }

  /// The set without the members of another.
  public func subtracting(_ other: MemberSet) -> MemberSet {
    var rest = self
    rest.bits &= ~other.bits
    return rest
  }

  /// The set without one member, or without any other if that is nil.
  public func without(_ member: MemberID?) -> MemberSet {
    var rest = self
    if let member { rest.remove(member) }
    return rest
  }

  /// The other members to expect in a group: without the own ID. Empty for all 256, which name nobody in particular.
  public func expected(at own: MemberID?) -> MemberSet {
    count == 256 ? MemberSet() : without(own)
  }
}

extension MemberSet: Sequence {
  /// Iterates over the members in the order of their IDs.
  public struct Iterator: IteratorProtocol {
    fileprivate var rest: SIMD4<UInt64>

    /// The next member; nil at the end.
    public mutating func next() -> MemberID? {
      for word in rest.indices where rest[word] != 0 {
        let bit = rest[word].trailingZeroBitCount
        rest[word] &= rest[word] - 1
        return MemberID(rawValue: UInt8(word * 64 + bit))
      }
      return nil
    }
  }

  /// Makes an iterator over the members in the order of their IDs.
  public func makeIterator() -> Iterator { Iterator(rest: bits) }
}

extension MemberSet: CustomStringConvertible {
  /// The set in the form that ``init(_:)-(StringProtocol)`` parses: runs as ranges, separated by commas.
  public var description: String {
    var runs: [ClosedRange<UInt8>] = []
    for id in lazy.map(\.rawValue) {
      if let last = runs.last, last.upperBound + 1 == id {
        runs[runs.count - 1] = last.lowerBound...id
      } else {
        runs.append(id...id)
      }
    }
    return runs.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)" }.joined(separator: ",")
  }
}
