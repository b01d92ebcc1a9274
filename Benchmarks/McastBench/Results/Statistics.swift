/// The middle of some values and how far they are apart.
struct Summary: Codable, Hashable {
  var median: Double
  /// Half of the distance between the quartiles: half of the values are about that near to the median. One round that
  /// the machine disturbed changes neither number much.
  var spread: Double

  /// - Returns: Nil if there are no values.
  init?(_ values: [Double]) {
    guard let median = values.quantile(0.5), let low = values.quantile(0.25), let high = values.quantile(0.75) else {
      return nil
    }
    self.median = median
    spread = (high - low) / 2
  }
}

extension [Double] {
  /// The value below which a share of them is, between two of them in proportion.
  func quantile(_ share: Double) -> Double? {
    guard let last = indices.last else { return nil }
    let sorted = sorted()
    let place = share * Double(last)
    let below = Int(place)
    let above = Swift.min(below + 1, last)
    return sorted[below] + (sorted[above] - sorted[below]) * (place - Double(below))
  }
}
