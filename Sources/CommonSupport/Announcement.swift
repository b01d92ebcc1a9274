/// Rate-limits the announcements of a state. The last announcement always catches up with the present state, and a
/// state that keeps changing is announced less and less often. Pure.
package struct Announcement<State: Equatable & Sendable, Instant: InstantProtocol & Sendable>: Sendable
where Instant.Duration == Duration {
  /// The state that was announced last.
  package private(set) var said: State
  private var lastSaid: Instant?
  /// The state of the last call, and the time of its last change.
  private var present: State
  private var lastChange: Instant?
  private var pause = Self.shortest
  /// The number of changes announced without delay before the rate drops, and the number left of them.
  private let atOnce: Int
  private var left: Int

  private static var shortest: Duration { .zero }
  private static var longest: Duration { .seconds(60) }
  /// After this time without a change, the next change is announced without delay.
  private static var quiet: Duration { .seconds(60) }

  /// - Parameters:
  ///   - said: The initial state, which needs no announcement.
  ///   - atOnce: The number of changes in a row announced without delay, besides the first. Higher if no stranger can
  ///     cause them.
  package init(_ said: State, atOnce: Int = 1) {
    self.said = said
    present = said
    (self.atOnce, left) = (atOnce, atOnce)
  }

  /// Returns the former announcement if the present state must be announced now, and counts it as announced.
  ///
  /// - Returns: The state that was announced before; nil to announce nothing.
  package mutating func due(_ present: State, now: Instant) -> State? {
    if present != self.present {
      if lastChange.map({ $0.duration(to: now) >= Self.quiet }) ?? false { (pause, left) = (Self.shortest, atOnce) }
      (self.present, lastChange) = (present, now)
    }
    guard present != said else { return nil }
    if let lastSaid {
      guard lastSaid.duration(to: now) >= pause else { return nil }
      left -= 1
      if left <= 0 { pause = min(max(pause * 2, .seconds(1)), Self.longest) }
    }
    lastSaid = now
    defer { said = present }
    return said
  }
}
