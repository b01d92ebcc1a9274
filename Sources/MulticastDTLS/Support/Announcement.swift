/// Keeps word of a state that changes true and rare: the last word is always the present state, if a little late, and one
/// that changes again and again is said less and less often. Pure.
package struct Announcement<State: Equatable & Sendable>: Sendable {
  /// The state that was said last.
  private(set) var said: State
  private var lastSaid: BootInstant?
  /// The state of the last look, and since when.
  private var present: State
  private var lastChange: BootInstant?
  private var pause = Self.shortest
  /// So many changes are said at once, before they are said less often; and how many of them are left.
  private let atOnce: Int
  private var left: Int

  private static var shortest: Duration { .zero }
  private static var longest: Duration { .seconds(60) }
  /// After such a time without a change, the next is said at once.
  private static var quiet: Duration { .seconds(60) }

  /// - Parameters:
  ///   - said: The state that goes without saying.
  ///   - atOnce: The number of changes in a row that are said at once, besides the first: more where no stranger causes them.
  package init(_ said: State, atOnce: Int = 1) {
    self.said = said
    present = said
    (self.atOnce, left) = (atOnce, atOnce)
  }

  /// True if the present state is to be said now; then it counts as said.
  ///
  /// - Returns: The state that was said before; nil says nothing.
  mutating func due(_ present: State, now: BootInstant) -> State? {
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

  /// The same, now.
  package mutating func due(_ present: State) -> State? {
    due(present, now: .now)
  }
}
