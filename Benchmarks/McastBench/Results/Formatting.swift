extension Double {
  /// The number with three significant digits, or all digits before the point: 1,234,567; 12.3; 0.988.
  var short: String {
    guard isFinite else { return "-" }
    let digits = magnitude >= 100 ? 0 : magnitude >= 10 ? 1 : magnitude >= 1 ? 2 : 3
    var scale = 1
    for _ in 0..<digits { scale *= 10 }
    let scaled = Int((magnitude * Double(scale)).rounded())
    let fraction = String(scaled % scale)
    let sign = self < 0 && scaled > 0 ? "-" : ""
    let whole = sign + (scaled / scale).grouped
    return digits == 0 ? whole : whole + "." + String(repeating: "0", count: digits - fraction.count) + fraction
  }
}

extension Int {
  /// The number with a comma before each three digits.
  var grouped: String {
    var text = String(magnitude)
    var place = text.count - 3
    while place > 0 {
      text.insert(",", at: text.index(text.startIndex, offsetBy: place))
      place -= 3
    }
    return (self < 0 ? "-" : "") + text
  }
}
