/// The members that are followed, each with the session that opens its records: a datagram goes in, a message or the
/// reason why there is none comes out. Only the receive loop's thread uses it.
final class InboundMembers {
  private let admission: Admission
  /// One place for each of the 256 possible members; nil for one that is not followed.
  private var sessions = [InboundSession?](repeating: nil, count: 256)

  /// Makes a session for each member but ourselves.
  ///
  /// - Throws: ``WolfSSLError`` if wolfSSL cannot make one.
  init(_ context: DTLSContext, members: MemberSet, epoch: Epoch) throws(WolfSSLError) {
    admission = Admission(ownMember: context.ownMember, tagSize: context.suite.tagSize)
    for member in members.members where member != context.ownMember {
      sessions[Int(member.rawValue)] = try InboundSession(context, sender: member, epoch: epoch)
    }
  }

  /// Admits and opens one datagram.
  func open(
    _ datagram: UnsafeBufferPointer<UInt8>, from source: Endpoint
  ) -> Result<Message, Admission.Refused> {
    unsafe admission.judge(datagram.span, currentEpoch: { session(of: $0)?.epoch }).flatMap { header in
      // Admitted, so there is a session.
      guard let session = session(of: header.member) else { return .failure(.init(.unknownMember)) }
      return unsafe session.open(datagram, header: header)
        .map {
          Message(sender: header.member, epoch: session.epoch, sequence: header.sequence, source: source, payload: $0)
        }
        .mapError { Admission.Refused($0, header.member) }
    }
  }

  private func session(of member: MemberID) -> InboundSession? {
    sessions[Int(member.rawValue)]
  }
}
