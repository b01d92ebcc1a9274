/// Watches one member: its interval, its repetitions, and its addresses. Pure.
struct MemberWatch {
  /// The intervals that a member misses before it counts as silent.
  private static let missedIntervals = 5
  /// The shortest silence: timers are not more exact.
  private static let shortestSilence = Duration.seconds(1)
  /// The shortest silence by an interval from before a restart, since the member may have another one now.
  private static let longestDoubt = Duration.seconds(30)
  /// The shortest silence of a member that was heard too little to know its interval.
  private static let longestDoubtOfStrangers = Duration.seconds(300)
  /// The time of hearing a member until its interval is known.
  private static let acquaintance = Duration.seconds(2)
  /// The shortest time for which an interval is remembered.
  private static let memory = Duration.seconds(10)
  /// This many repetitions for this long, with nothing new between them, mean that a member repeats an epoch.
  private static let repetitions = 3
  private static let repeatingTime = Duration.seconds(2)

  /// The time of its last message.
  private(set) var lastHeard: BootInstant?
  /// True if its silence was reported and has not ended.
  private var isSilent = false
  /// The number of that message.
  private var last: (keyID: KeyID, epoch: Epoch, sequence: UInt64)?
  /// The longest time between two of its messages: in the present period, and in the one before.
  private var stretch: (since: BootInstant, count: Int, longest: Duration)?
  private var formerLongest: Duration?
  /// The interval before its last restart; nil if that was not known.
  private var inherited: Duration?
  /// The number of repetitions since the last new record, and the time of the first.
  private var repeated: (count: Int, since: BootInstant)?
  /// Its last two addresses, and the number of returns to the former one.
  private var sources: (current: Endpoint, former: Endpoint?, returns: Int)?

  /// The longest recent time between two messages, since messages often come in bursts; nil as long as too little is
  /// known.
  var interval: Duration? {
    guard let stretch, let lastHeard else { return nil }
    if let formerLongest { return max(formerLongest, stretch.longest) }
    return stretch.count >= 2 && stretch.since.duration(to: lastHeard) >= Self.acquaintance ? stretch.longest : nil
  }

  /// The longest recent time between two messages, also of the first two.
  var longestPause: Duration? {
    guard let stretch, stretch.count > 0 || formerLongest != nil else { return nil }
    return max(formerLongest ?? .zero, stretch.longest)
  }

  /// Records a message.
  ///
  /// - Returns: True if it ends a silence.
  mutating func heard(_ keyID: KeyID, _ epoch: Epoch, _ sequence: UInt64, now: BootInstant) -> Bool {
    defer { (lastHeard, repeated, isSilent) = (now, nil, false) }
    // A late message under a former key says nothing about the present interval.
    guard last.map({ $0.keyID == keyID }) ?? true else { return isSilent }
    if let last, let lastHeard, last.epoch == epoch {
      // Lost messages in between were sent as well.
      if sequence > last.sequence {
        learn(lastHeard.duration(to: now) / Int(min(sequence - last.sequence, 1 << 20)), now: now)
      }
    } else if last.map({ $0.epoch < epoch }) ?? (stretch == nil) {
      // A restarted member may have another interval.
      inherited = interval ?? inherited
      (stretch, formerLongest) = ((now, 0, .zero), nil)
    }
    if last.map({ $0.epoch < epoch || $0.epoch == epoch && $0.sequence < sequence }) ?? true {
      last = (keyID, epoch, sequence)
    }
    return isSilent
  }

  /// Records a change to another key: its numbers start anew, and its interval stays.
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

  /// The time of its silence, if that is too long and not reported yet.
  mutating func newSilence(now: BootInstant) -> Duration? {
    guard !isSilent, let lastHeard else { return nil }
    let silence = lastHeard.duration(to: now)
    guard silence >= longestSilence else { return nil }
    isSilent = true
    return silence
  }

  /// The silence from which it is missed.
  private var longestSilence: Duration {
    if let interval { return max(interval * Self.missedIntervals, Self.shortestSilence) }
    // Too little was heard since its restart: what it did before must do.
    if let inherited { return max(inherited * Self.missedIntervals, Self.longestDoubt) }
    return max((longestPause ?? .zero) * Self.missedIntervals, Self.longestDoubtOfStrangers)
  }

  /// Ignores a time in which this process did not listen.
  mutating func leaveOut(_ time: Duration) {
    lastHeard? += time
  }

  /// Records an authentic record that was accepted before, or is too old to know.
  ///
  /// - Returns: True if the member does nothing else.
  mutating func repeats(now: BootInstant) -> Bool {
    let (count, since) = repeated ?? (0, now)
    repeated = (count + 1, since)
    return count + 1 >= Self.repetitions && since.duration(to: now) >= Self.repeatingTime
  }

  /// Records the address of an authentic record.
  ///
  /// - Returns: The two addresses, if the member returned to the former one three times; a member that moves does not return.
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
