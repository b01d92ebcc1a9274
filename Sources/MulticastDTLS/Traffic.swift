/// What became of the datagrams that arrived.
public struct Traffic: Hashable, Sendable {
  /// Messages delivered, by sender.
  public private(set) var delivered: [MemberID: Int] = [:]
  /// Datagrams refused, by reason.
  public private(set) var refused: [Refusal: Int] = [:]
  /// Datagrams refused, by reason, by the member that their header names, if it gets that far. What is forged there names
  /// whom its maker likes.
  public private(set) var refusedByMember: [MemberID: [Refusal: Int]] = [:]

  mutating func countDelivered(from member: MemberID) {
    delivered[member, default: 0] += 1
  }

  mutating func countRefused(_ reason: Refusal, member: MemberID?) {
    refused[reason, default: 0] += 1
    if let member { refusedByMember[member, default: [:]][reason, default: 0] += 1 }
  }
}

extension Traffic: CustomStringConvertible {
  /// One line: what was delivered, by member, and what was refused, by reason.
  public var description: String {
    func list(_ counts: [(String, Int)]) -> String {
      counts.isEmpty ? "nothing" : counts.map { "\($0) \($1)" }.joined(separator: ", ")
    }
    let members = delivered.sorted { $0.key < $1.key }.map { ("member \($0.key):", $0.value) }
    let reasons = Refusal.allCases.compactMap { reason in refused[reason].map { ("\(reason.rawValue):", $0) } }
    return "delivered \(list(members)); refused \(list(reasons))"
  }
}
