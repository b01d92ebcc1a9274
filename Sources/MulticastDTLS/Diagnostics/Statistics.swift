/// The figures of all datagrams that arrived, by member and by reason.
public struct Statistics: Hashable, Sendable {
  /// The figures of one member.
  public struct Member: Hashable, Sendable {
    /// Messages that were accepted and delivered.
    public internal(set) var received: Int = 0
    /// Messages that are missing, by the authenticated numbers of those that came. A late arrival is subtracted again.
    public internal(set) var lost: Int = 0
    /// Messages that came after a later one.
    public internal(set) var reordered: Int = 0
    /// Rejected datagrams, by reason. The sender of a forged datagram is whatever the attacker wrote.
    public internal(set) var rejected: [RejectionReason: Int] = [:]
    /// The fingerprint of the secret that the member sends with now; nil if it was not heard.
    public internal(set) var keyID: KeyID?

    /// The epoch in which the member was heard last.
    public internal(set) var epoch: Epoch?
    /// The address of its last message, which is not authenticated.
    public internal(set) var source: Endpoint?
    /// True if the last message of it was signed, and verified by its public key.
    public internal(set) var isSigning = false
    /// True if it has missed five of its intervals, or five minutes as long as these are unknown, and was not heard since.
    public internal(set) var isSilent: Bool = false
    /// The longest recent time between two of its messages, of the last second but one or so; nil until it is known.
    public internal(set) var interval: Duration?
    /// The time of its last message.
    var lastHeard: BootInstant?

    /// True if it was heard, and is not silent.
    public var isUp: Bool { epoch != nil && !isSilent }

    /// The figures of a member that was not heard.
    public static let unheard = Member()

    /// The time since its last message; nil if it was not heard.
    public var timeSinceHeard: Duration? {
      lastHeard.map { $0.duration(to: .now) }
    }

    fileprivate mutating func count(_ run: ReceivedRun, now: BootInstant) {
      received += run.delivered
      lost += Int(run.lost)
      reordered += run.late
      (lastHeard, isSilent) = (now, false)
      if !run.first.isStraggler {
        (keyID, epoch, source) = (run.first.keyID, run.origin.epoch, run.origin.source)
        isSigning = run.first.isSigned
      }
    }
  }

  /// The members that any record named, forged ones included. Our own ID is among them, for looped-back records.
  public private(set) var members: [MemberID: Member] = [:]
  /// Rejected datagrams, by reason: of all members, and those that name none.
  public private(set) var rejected: [RejectionReason: Int] = [:]
  /// The datagrams that the kernel dropped, since they came faster than they were received: an estimate of at least
  /// ``batchesDroppedByKernel``.
  ///
  /// The kernel does not report the size of a batch. It is estimated from the batches that arrived at that time.
  public internal(set) var droppedByKernel: Int = 0
  /// The batches that the kernel dropped, of 1 to 128 datagrams each, since they came faster than they were received: exact.
  /// Source: socket(7), SO_MEMINFO; udp(7), UDP_GRO.
  public internal(set) var batchesDroppedByKernel: Int = 0

  /// The figures before any datagram.
  public static let none = Statistics()

  /// Messages received from all members.
  public var received: Int {
    members.values.reduce(0) { $0 + $1.received }
  }

  /// Messages of all members that are missing.
  public var lost: Int {
    members.values.reduce(0) { $0 + $1.lost }
  }

  /// Counts a run of accepted records, delivered or not.
  mutating func count(_ run: ReceivedRun, now: BootInstant) {
    members[run.origin.sender, default: Member()].count(run, now: now)
    if run.delivered < run.count { count(.overrun, of: run.origin.sender, times: run.count - run.delivered) }
  }

  /// Records members that have missed five of their intervals.
  mutating func fellSilent(_ silent: [MemberID]) {
    for member in silent { members[member]?.isSilent = true }
  }

  /// Records the members that have fallen silent, and the intervals of those that were heard.
  mutating func observed(silent: [MemberID], _ intervals: [(member: MemberID, interval: Duration)]) {
    fellSilent(silent)
    for (member, interval) in intervals { members[member]?.interval = interval }
  }

  /// Counts rejected datagrams.
  ///
  /// - Parameter member: The member that their headers name; nil if they name none.
  mutating func count(_ reason: RejectionReason, of member: MemberID?, times: Int = 1) {
    rejected[reason, default: 0] += times
    if let member { members[member, default: Member()].rejected[reason, default: 0] += times }
  }
}
