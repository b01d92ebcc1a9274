/// The median and spread of some values. Both are robust: a single disturbed round changes them little.
struct Summary: Codable, Hashable {
  var median: Double
  /// Half of the interquartile range: about half of the values are that close to the median.
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
  /// The quantile of a share from 0 to 1, interpolated linearly; nil without values.
  func quantile(_ share: Double) -> Double? {
    guard let last = indices.last else { return nil }
    let sorted = sorted()
    let place = share * Double(last)
    let below = Int(place)
    let above = Swift.min(below + 1, last)
    return sorted[below] + (sorted[above] - sorted[below]) * (place - Double(below))
  }
}
