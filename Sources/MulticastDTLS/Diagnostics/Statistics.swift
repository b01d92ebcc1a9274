/// What became of the datagrams that arrived, by member and by reason.
public struct Statistics: Hashable, Sendable {
  /// What is known of the records of one member.
  public struct Member: Hashable, Sendable {
    /// Messages that were accepted and delivered.
    public internal(set) var received: Int = 0
    /// Messages that are missing, by the authenticated numbers of those that came. One that comes late is no more lost.
    public internal(set) var lost: Int = 0
    /// Messages that came after a later one.
    public internal(set) var reordered: Int = 0
    /// Datagrams refused, by reason. What is forged names as its sender whom its maker likes.
    public internal(set) var rejected: [RejectionReason: Int] = [:]
    /// The fingerprint of the secret that the member sends with now; nil if nothing was accepted of it.
    public internal(set) var keyID: KeyID?

    /// The epoch that the member was heard in last.
    public internal(set) var epoch: Epoch?
    /// The address that its last message came from. It is not authenticated.
    public internal(set) var source: Endpoint?
    /// True if it has missed five of its intervals, as far as these are known, and was not heard since.
    public internal(set) var isSilent: Bool = false
    /// When it was heard last.
    var lastHeard: BootInstant?

    /// The figures of a member of whom nothing has come.
    public static let unheard = Member()

    /// How long ago it was heard last; nil if nothing was accepted of it.
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
      }
    }
  }

  /// The members of whom anything came, or that a forged record named. Our own ID is among them: what loops back.
  public private(set) var members: [MemberID: Member] = [:]
  /// Datagrams refused, by reason: those of all members, and those that name none.
  public private(set) var rejected: [RejectionReason: Int] = [:]
  /// The datagrams that the kernel dropped, since they came faster than they were taken: an estimate, of at least one for each of
  /// ``batchesDroppedByKernel``.
  ///
  /// The kernel does not tell how many were in a batch. They are taken to be as many as in those that arrived at that time.
  public internal(set) var droppedByKernel: Int = 0
  /// The batches that the kernel dropped, of 1 to 128 datagrams each, since they came faster than they were taken: exact.
  /// Source: socket(7), SO_MEMINFO; udp(7), UDP_GRO.
  public internal(set) var batchesDroppedByKernel: Int = 0

  /// That nothing has arrived.
  public static let none = Statistics()

  /// Messages received from all members.
  public var received: Int {
    members.values.reduce(0) { $0 + $1.received }
  }

  /// Counts messages that were accepted, and for which there was room or not.
  mutating func count(_ run: ReceivedRun, now: BootInstant) {
    members[run.origin.sender, default: Member()].count(run, now: now)
    if run.delivered < run.count { count(.overrun, of: run.origin.sender, times: run.count - run.delivered) }
  }

  /// Takes note of members that have missed five of their intervals.
  mutating func fellSilent(_ silent: [MemberID]) {
    for member in silent { members[member]?.isSilent = true }
  }

  /// Counts rejected datagrams.
  ///
  /// - Parameter member: The member that their headers name; nil if they name none.
  mutating func count(_ reason: RejectionReason, of member: MemberID?, times: Int = 1) {
    rejected[reason, default: 0] += times
    if let member { members[member, default: Member()].rejected[reason, default: 0] += times }
  }
}
