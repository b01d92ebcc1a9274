/// What is seen of one member from outside: how often it speaks, and from where. Pure.
struct MemberWatch {
  /// How many of its intervals a member may miss before it counts as silent.
  private static let missedIntervals = 5
  /// Nobody is called silent sooner: timers are not that exact.
  private static let shortestSilence = Duration.seconds(1)
  /// How many intervals are remembered.
  private static let remembered = 8

  /// When it was heard last.
  private(set) var lastHeard: ContinuousClock.Instant?
  /// Whether its silence has been noticed, and not ended since.
  private var isSilent = false
  /// Its number then.
  private var last: (epoch: Epoch, sequence: UInt64)?
  /// The latest times between two of its messages.
  private var intervals: [Duration] = []
  /// The last two addresses that it spoke from, and how often it went back to the former.
  private var sources: (current: Endpoint, former: Endpoint?, returns: Int)?

  /// The longest of the latest intervals; nil before there were two. The longest, since messages often come in bursts.
  var interval: Duration? {
    intervals.count < 2 ? nil : intervals.max()
  }

  /// Takes note of a message.
  ///
  /// - Returns: Whether it ends a silence.
  mutating func heard(_ epoch: Epoch, _ sequence: UInt64, now: ContinuousClock.Instant) -> Bool {
    if let last, let lastHeard, last.epoch == epoch, sequence > last.sequence {
      // What was lost in between was sent all the same.
      let steps = Int(min(sequence - last.sequence, 1 << 20))
      intervals.append(lastHeard.duration(to: now) / steps)
      if intervals.count > Self.remembered { intervals.removeFirst() }
    }
    if last.map({ $0.epoch < epoch || $0.epoch == epoch && $0.sequence < sequence }) ?? true {
      last = (epoch, sequence)
    }
    lastHeard = now
    defer { isSilent = false }
    return isSilent
  }

  /// For how long it has been silent, if that is too long and has not been said yet.
  mutating func newSilence(now: ContinuousClock.Instant) -> Duration? {
    guard !isSilent, let lastHeard, let interval else { return nil }
    let silence = lastHeard.duration(to: now)
    guard silence >= max(interval * Self.missedIntervals, Self.shortestSilence) else { return nil }
    isSilent = true
    return silence
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
