/// What became of the datagrams that arrived, by member and by reason.
public struct Traffic: Hashable, Sendable {
  /// What is known of the records of one member.
  public struct Member: Hashable, Sendable {
    /// Messages that were accepted and delivered.
    public internal(set) var received: Int = 0
    /// Messages that are missing, by the authenticated numbers of those that came. One that comes late is no more lost.
    public internal(set) var lost: Int = 0
    /// Messages that came after a later one.
    public internal(set) var reordered: Int = 0
    /// Datagrams refused, by reason. What is forged names as its sender whom its maker likes.
    public internal(set) var refused: [Refusal: Int] = [:]
    /// The fingerprint of the secret that the member sends with now; nil if nothing was accepted of it.
    public internal(set) var keyID: KeyID?

    /// The epoch that the member was heard in last.
    public internal(set) var epoch: Epoch?
    /// The address that its last message came from. It is not authenticated.
    public internal(set) var source: Endpoint?
    /// When it was heard last.
    var lastHeard: Moment?

    /// How long ago it was heard last; nil if nothing was accepted of it.
    public var timeSinceHeard: Duration? {
      lastHeard.map { $0.duration(to: .now) }
    }

    fileprivate mutating func count(_ run: ArrivalRun, now: Moment) {
      received += run.delivered
      lost += Int(run.lost)
      reordered += run.late
      lastHeard = now
      if !run.first.isStraggler {
        (keyID, epoch, source) = (run.first.keyID, run.first.origin.epoch, run.first.origin.source)
      }
    }
  }

  /// The members of whom anything came, or that a forged record named. Our own ID is among them: what loops back.
  public private(set) var members: [MemberID: Member] = [:]
  /// Datagrams refused, by reason: those of all members, and those that name none.
  public private(set) var refused: [Refusal: Int] = [:]
  /// Datagrams that the kernel dropped, since they came faster than they were taken; several that came as one batch count
  /// as one. Source: socket(7), SO_MEMINFO.
  public internal(set) var droppedByKernel: Int = 0

  /// That nothing has arrived.
  public static let none = Traffic()

  /// Messages received from all members.
  public var received: Int {
    members.values.reduce(0) { $0 + $1.received }
  }

  /// Counts messages that were accepted, and for which there was room or not.
  mutating func count(_ run: ArrivalRun, now: Moment) {
    let sender = run.first.origin.sender
    members[sender, default: Member()].count(run, now: now)
    if run.delivered < run.count { countRefused(.overrun, member: sender, times: run.count - run.delivered) }
  }

  /// Counts a datagram that was refused.
  mutating func count(_ refused: Refused) {
    countRefused(refused.reason, member: refused.header?.member)
  }

  private mutating func countRefused(_ reason: Refusal, member: MemberID?, times: Int = 1) {
    refused[reason, default: 0] += times
    if let member { members[member, default: Member()].refused[reason, default: 0] += times }
  }
}
