import MulticastDTLS

/// The members of a group and the figures of their messages at one time, as `status` prints them.
struct StatusReport: Equatable {
  enum State: String, CaseIterable {
    case up
    /// The member began a new epoch less than 30 s ago.
    case restarted
    /// The member was not heard for five of its intervals, as far as these are known after so few messages, or for 30 s.
    case quiet
    /// The member has missed five of its intervals, or five minutes as long as these are unknown.
    case silent
    /// Nothing arrived in the name of the member.
    case notHeard
    /// The member only listens, as the roster says.
    case listens
    /// Records in the name of the member were rejected since it was last heard, and it is not up.
    case rejected

    /// True if the member was heard lately.
    var isUp: Bool { self == .up || self == .restarted }

    /// True if the member takes part in the group, as far as is known.
    var isPresent: Bool { [.up, .restarted, .quiet].contains(self) }
  }

  struct Member: Equatable {
    let member: MemberID
    let name: String?
    /// True if the member is missed when nobody hears it: one of `--peers` or the roster, unless it only listens.
    let isAwaited: Bool
    let state: State
    /// The reason of most rejections, in the state ``State/rejected``.
    let reason: RejectionReason?
    let epoch: Epoch?
    let keyID: KeyID?
    /// The cipher suite of its authentic records; nil if none arrived.
    let suite: CipherSuite?
    /// True if its last message was signed.
    let isSigning: Bool
    /// The time since the member was last heard; nil if it was not.
    let age: Duration?
    /// Messages a second, over the last 10 s.
    let rate: Double
    let received: Int
    let lost: Int
    let reordered: Int
    let rejected: [RejectionReason: Int]
    /// The address of the last message, which is not authenticated.
    let source: String?
  }

  /// The peer that reports itself.
  struct Peer: Equatable {
    let member: MemberID
    /// Nil if it only listens.
    let epoch: Epoch?
    let sent: Int
  }

  /// Nil for a listener without a member ID.
  let peer: Peer?
  let group: String
  let interfaces: [String]
  let suite: CipherSuite
  /// True if messages are signed under each secret of the ring.
  let isSigned: Bool
  /// The key IDs of the ring; the first is sent with.
  let keyIDs: [KeyID]
  /// The time that the figures cover: since the start of the peer, or of listening.
  let time: Duration
  let received: Int
  let lost: Int
  /// Rejected datagrams of all senders, by reason.
  let rejected: [RejectionReason: Int]
  let droppedByKernel: Int
  let batchesDroppedByKernel: Int
  /// The files on disk that the peer cannot use, with the reasons.
  let unusableFiles: [UnusableFiles.File: String]
  let members: [Member]

  /// True if every awaited member takes part. Without awaited members: if anybody was heard or only listens, and nobody is
  /// rejected.
  var isComplete: Bool {
    let awaited = members.filter(\.isAwaited)
    if !awaited.isEmpty { return awaited.allSatisfy(\.state.isPresent) }
    return members.contains { $0.epoch != nil || $0.state == .listens } && !members.contains { $0.state == .rejected }
  }
}
