/// The verdict on a promise: a measured figure and its bound.
struct Verdict: Codable, Hashable {
  var name: String
  var measured: Double
  var spread: Double
  var bound: Double
  /// True for a lower bound, false for an upper one.
  var isLeast: Bool
  /// The messages lost in its cells. A met promise has none.
  var lost = 0
  /// True if --check fails with it; false if it is only shown.
  var isChecked = true

  /// True if the median is within the bound. The spread only indicates the variation between runs.
  var isMet: Bool {
    lost == 0 && (isLeast ? measured >= bound : measured <= bound)
  }

  var text: String {
    let word = isMet ? "ok" : isChecked ? "MISSED" : "not met"
    let loss = lost == 0 ? "" : ", \(lost) messages lost"
    return "\(name): \(measured.short) +- \(spread.short) (\(isLeast ? ">=" : "<=") \(bound.short)\(loss)) \(word)"
  }
}

extension Verdict {
  /// - Parameter rounds: The figure of each round. The verdict is nil without any.
  init?(_ name: String, rounds: [Double], atLeast bound: Double, lost: Int, isChecked: Bool = true) {
    guard let summary = Summary(rounds) else { return nil }
    self.init(
      name: name, measured: summary.median, spread: summary.spread, bound: bound, isLeast: true, lost: lost,
      isChecked: isChecked)
  }

  init?(_ name: String, rounds: [Double], atMost bound: Double, lost: Int, isChecked: Bool = true) {
    guard let summary = Summary(rounds) else { return nil }
    self.init(
      name: name, measured: summary.median, spread: summary.spread, bound: bound, isLeast: false, lost: lost,
      isChecked: isChecked)
  }
}
