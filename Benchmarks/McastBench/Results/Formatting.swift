extension Double {
  /// With as many digits as can be told apart: 1234567 is 1,234,567; 12.345 is 12.3; 0.98765 is 0.988.
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
  /// With a comma before each three digits.
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
