/// What is seen of one member from outside: how often it speaks, what it repeats, and from where. Pure.
struct MemberWatch {
  /// How many of its intervals a member may miss before it counts as silent.
  private static let missedIntervals = 5
  /// Nobody is called silent sooner: timers are not that exact.
  private static let shortestSilence = Duration.seconds(1)
  /// For how long a member must have been heard before its interval is known.
  private static let acquaintance = Duration.seconds(2)
  /// For how long an interval is remembered, at least.
  private static let memory = Duration.seconds(10)
  /// So many repetitions, with nothing new between them and for so long, are a member that repeats an epoch.
  private static let repetitions = 3
  private static let repeatingTime = Duration.seconds(2)

  /// When it was heard last.
  private(set) var lastHeard: BootInstant?
  /// Whether its silence has been noticed, and not ended since.
  private var isSilent = false
  /// Its number then.
  private var last: (keyID: KeyID, epoch: Epoch, sequence: UInt64)?
  /// The longest time between two of its messages in the present stretch of time, and in the one before.
  private var stretch: (since: BootInstant, count: Int, longest: Duration)?
  private var formerLongest: Duration?
  /// How many repetitions have come since something new, and when the first of them came.
  private var repeated: (count: Int, since: BootInstant)?
  /// The last two addresses that it spoke from, and how often it went back to the former.
  private var sources: (current: Endpoint, former: Endpoint?, returns: Int)?

  /// How long it may take until it speaks again: the longest time of late, since messages often come in bursts. Nil as
  /// long as too little is known.
  var interval: Duration? {
    guard let stretch, let lastHeard else { return nil }
    if let formerLongest { return max(formerLongest, stretch.longest) }
    return stretch.count >= 2 && stretch.since.duration(to: lastHeard) >= Self.acquaintance ? stretch.longest : nil
  }

  /// The longest time of late between two messages, also if there were but two.
  var longestPause: Duration? {
    guard let stretch, stretch.count > 0 || formerLongest != nil else { return nil }
    return max(formerLongest ?? .zero, stretch.longest)
  }

  /// Takes note of a message.
  ///
  /// - Returns: Whether it ends a silence.
  mutating func heard(_ keyID: KeyID, _ epoch: Epoch, _ sequence: UInt64, now: BootInstant) -> Bool {
    defer { (lastHeard, repeated, isSilent) = (now, nil, false) }
    // What is late under a former key says nothing of how often the member speaks now.
    guard last.map({ $0.keyID == keyID }) ?? true else { return isSilent }
    if let last, let lastHeard, last.epoch == epoch {
      // What was lost in between was sent all the same.
      if sequence > last.sequence {
        learn(lastHeard.duration(to: now) / Int(min(sequence - last.sequence, 1 << 20)), now: now)
      }
    } else if last.map({ $0.epoch < epoch }) ?? (stretch == nil) {
      // A node that was started again may have another interval.
      (stretch, formerLongest) = ((now, 0, .zero), nil)
    }
    if last.map({ $0.epoch < epoch || $0.epoch == epoch && $0.sequence < sequence }) ?? true {
      last = (keyID, epoch, sequence)
    }
    return isSilent
  }

  /// Takes note that the member has gone over to another key: it counts anew, and speaks as often as before.
  mutating func changedKey() {
    last = nil
  }

  private mutating func learn(_ interval: Duration, now: BootInstant) {
    guard let (since, count, longest) = stretch else { return }
    stretch = (since, count + 1, max(longest, interval))
    if since.duration(to: now) >= Self.memory, count >= 2 {
      formerLongest = max(longest, interval)
      stretch = (now, 0, .zero)
    }
  }

  /// For how long it has been silent, if that is too long and has not been said yet.
  mutating func newSilence(now: BootInstant) -> Duration? {
    guard !isSilent, let lastHeard, let interval else { return nil }
    let silence = lastHeard.duration(to: now)
    guard silence >= max(interval * Self.missedIntervals, Self.shortestSilence) else { return nil }
    isSilent = true
    return silence
  }

  /// Leaves a time out of account in which nobody listened.
  mutating func leaveOut(_ time: Duration) {
    lastHeard? += time
  }

  /// Takes note of an authentic record that was accepted before, or is too old to know.
  ///
  /// - Returns: Whether the member does nothing else.
  mutating func repeats(now: BootInstant) -> Bool {
    let (count, since) = repeated ?? (0, now)
    repeated = (count + 1, since)
    return count + 1 >= Self.repetitions && since.duration(to: now) >= Self.repeatingTime
  }

  /// Takes note of where an authentic record came from.
  ///
  /// - Returns: The two addresses, if it went back to the former three times; a node that moves does not go back.
  mutating func spoke(from source: Endpoint) -> (Endpoint, Endpoint)? {
    guard var sources else {
      sources = (source, nil, 0)
      return nil
    }
    guard source != sources.current else { return nil }
    sources = (source, sources.current, source == sources.former ? sources.returns + 1 : 0)
    defer { self.sources = sources }
    guard sources.returns >= 3, let former = sources.former else { return nil }
    sources.returns = 0
    return (former, source)
  }
}
