/// The rules that a datagram must pass before wolfSSL sees it.
///
/// wolfSSL 5.5.4 can be silenced for good by one forged datagram that its record layer does not expect; behind these
/// rules it has only records to authenticate. They are pure. Whether the epoch is one that the sender may use is judged
/// where the sender is followed (``InboundMember``), since a later one counts only once a record of it authenticates.
struct Admission {
  /// This node's own ID: its records come back to it by multicast loopback. Nil if it only listens.
  let ownMember: MemberID?
  /// The bytes that a record has at least besides its header: the shorter one of the suites' tags. Whether there is room
  /// for the longer one is judged where the suite is.
  static var shortestTag: Int { min(CipherSuite.wdmNullSHA256.tagSize, CipherSuite.pskChaCha20Poly1305.tagSize) }

  /// Admits a record or refuses it, cheapest rule first.
  ///
  /// - Parameters:
  ///   - datagram: The whole datagram.
  ///   - isFollowed: Whether a member is listened to.
  func judge(_ datagram: Span<UInt8>, isFollowed: (MemberID) -> Bool) -> Result<RecordHeader, Rejection> {
    guard let header = Self.headerOfRecord(datagram) else {
      return .failure(.init(RecordHeader.isPrefix(of: datagram) ? .malformed : .foreign))
    }
    guard header.member != ownMember else { return .failure(.init(.own, header)) }
    guard isFollowed(header.member) else { return .failure(.init(.unknownMember, header)) }
    return .success(header)
  }

  /// The header of a datagram that is formed as a record; nil if it is none. These are all the rules that do not ask whose
  /// it is.
  static func headerOfRecord(_ datagram: Span<UInt8>) -> RecordHeader? {
    guard RecordHeader.isPrefix(of: datagram), let header = RecordHeader(datagram),
      datagram.count >= RecordHeader.size + shortestTag,
      datagram.count <= RecordHeader.maximumRecord,
      datagram.count == RecordHeader.size + header.length,
      header.sequence < RecordHeader.sequenceLimit,
      header.epoch >= Epoch.first.rawValue
    else { return nil }
    return header
  }

  /// A refusal, and the header of the datagram if it has one that could be a member's.
  struct Rejection: Error, Hashable {
    let reason: RejectionReason
    let header: RecordHeader?

    init(_ reason: RejectionReason, _ header: RecordHeader? = nil) {
      self.reason = reason
      self.header = header
    }
  }
}
