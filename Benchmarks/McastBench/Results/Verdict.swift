/// Whether a promise was kept.
struct Verdict: Codable, Hashable {
  var name: String
  var measured: Double
  var spread: Double
  var bound: Double
  /// Whether the bound is the least that is asked, or the most.
  var isLeast: Bool
  /// Messages lost in the cells that it is about: there must be none.
  var lost = 0
  /// Whether the check fails with it, or it is only shown.
  var isChecked = true

  /// The median decides. The spread only tells how far another run may come out differently.
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
  /// - Parameter rounds: The figure of each round; without any there is no verdict.
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
