import ArgumentParser

/// How many messages to send a second, as a person gives it: from 0, which is as fast as it can, to ten million.
struct Rate {
  private static let limits = 0.0...10_000_000

  /// Messages a second.
  let perSecond: Double

  /// Reads a decimal number.
  init(_ text: String) throws {
    guard let number = Double(text), Self.limits.contains(number), number == 0 || number >= 0.000_01 else {
      throw ValidationError("give a rate in messages a second, from 0.00001 to 10000000, or 0 for as fast as it can")
    }
    perSecond = number
  }

  /// The rate as a person reads it.
  var phrase: String {
    if perSecond == 0 { return "as fast as it can" }
    return "\(perSecond == perSecond.rounded() ? String(Int(perSecond)) : String(perSecond)) a second"
  }
}
