/// The rules that a datagram must pass before wolfSSL sees it. Pure.
///
/// One forged datagram that its record layer does not expect can silence wolfSSL 5.5.4 for good; behind these rules it
/// only has records to authenticate. ``InboundMember`` checks the epoch, since a later epoch counts only once a record
/// of it authenticates.
struct Admission {
  /// The ID of this member, whose own records come back by multicast loopback. Nil if it only listens.
  let ownMember: MemberID?
  /// The least number of bytes after the header: the shorter tag of the two suites. The longer one is checked where the
  /// suite is known.
  static var shortestTag: Int { min(CipherSuite.wdmNullSHA256.tagSize, CipherSuite.pskChaCha20Poly1305.tagSize) }

  /// Admits or rejects a record, cheapest rule first.
  ///
  /// - Parameters:
  ///   - datagram: The whole datagram.
  ///   - isFollowed: True for a member that this one listens to.
  func judge(_ datagram: Span<UInt8>, isFollowed: (MemberID) -> Bool) -> Result<RecordHeader, Rejection> {
    guard let header = Self.headerOfRecord(datagram) else {
      return .failure(.init(RecordHeader.isPrefix(of: datagram) ? .malformed : .foreign))
    }
    guard header.member != ownMember else { return .failure(.init(.own, header)) }
    guard isFollowed(header.member) else { return .failure(.init(.unknownMember, header)) }
    return .success(header)
  }

  /// The header of a datagram in the form of a record; nil for any other datagram. Applies all rules that do not depend
  /// on the sender.
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

  /// A rejection, with the header of the datagram if it has one that could be a member's.
  struct Rejection: Error, Hashable {
    let reason: RejectionReason
    let header: RecordHeader?

    init(_ reason: RejectionReason, _ header: RecordHeader? = nil) {
      self.reason = reason
      self.header = header
    }
  }
}
