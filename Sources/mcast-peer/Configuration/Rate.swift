import ArgumentParser

/// A rate on the command line: 0 for as fast as possible, or 0.00001 to 10,000,000 messages a second.
struct Rate {
  private static let limits = 0.0...10_000_000

  /// Messages a second.
  let perSecond: Double

  /// Parses a decimal number.
  init(_ text: String) throws {
    guard let number = Double(text), Self.limits.contains(number), number == 0 || number >= 0.000_01 else {
      throw ValidationError("give a rate in messages a second, from 0.00001 to 10000000, or 0 for as fast as possible")
    }
    perSecond = number
  }

  /// The rate with its unit.
  var phrase: String {
    if perSecond == 0 { return "as fast as it can" }
    return "\(perSecond == perSecond.rounded() ? String(Int(perSecond)) : String(perSecond)) a second"
  }
}
