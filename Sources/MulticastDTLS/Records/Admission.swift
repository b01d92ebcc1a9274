/// The rules that a datagram must pass before wolfSSL sees it.
///
/// wolfSSL 5.5.4 can be silenced for good by one forged datagram that its record layer does not expect; behind these
/// rules it has only records to authenticate. They are pure: what they need to know of a sender is asked for.
struct Admission {
  /// This node's own ID: its records come back to it by multicast loopback.
  let ownMember: MemberID
  /// The bytes that a record has at least besides its header.
  let tagSize: Int

  /// Admits a record or refuses it, cheapest rule first.
  ///
  /// - Parameters:
  ///   - datagram: The whole datagram.
  ///   - currentEpoch: The epoch that a member uses now; nil for one that is not followed.
  func judge(_ datagram: Span<UInt8>, currentEpoch: (MemberID) -> Epoch?) -> Result<RecordHeader, Refused> {
    for (index, byte) in RecordHeader.prefix.enumerated() {
      guard index < datagram.count, datagram[index] == byte else { return .failure(.init(.foreign)) }
    }
    guard let header = RecordHeader(datagram),
      datagram.count >= RecordHeader.size + tagSize,
      datagram.count <= RecordHeader.maximumAccepted,
      datagram.count == RecordHeader.size + header.length,
      header.sequence < RecordHeader.sequenceLimit
    else { return .failure(.init(.malformed)) }
    guard header.member != ownMember else { return .failure(.init(.own)) }
    guard let epoch = currentEpoch(header.member) else { return .failure(.init(.unknownMember, header.member)) }
    guard header.epoch == epoch.rawValue else { return .failure(.init(.staleEpoch, header.member)) }
    return .success(header)
  }

  /// A refusal, and the member that the datagram named if its header could be read.
  struct Refused: Error, Hashable {
    let reason: Refusal
    let member: MemberID?

    init(_ reason: Refusal, _ member: MemberID? = nil) {
      self.reason = reason
      self.member = member
    }
  }
}
