import ArgumentParser

/// The time between two messages, as a person gives it: in seconds, from a millisecond to a year.
struct Interval: CustomStringConvertible {
  private static let limits = 0.001...31_536_000

  private let seconds: Double

  /// Takes a number that is within the limits.
  init(seconds: Double) {
    self.seconds = seconds
  }

  /// Reads a decimal number of seconds.
  init(_ text: String, _ what: String = "an interval") throws {
    guard let seconds = Double(text), Self.limits.contains(seconds) else {
      throw ValidationError("give \(what) in seconds, from 0.001 to 31536000 (a year)")
    }
    self.init(seconds: seconds)
  }

  var duration: Duration {
    .seconds(seconds)
  }

  /// The number without a needless fraction.
  var description: String {
    seconds == seconds.rounded() ? String(Int(seconds)) : String(seconds)
  }

  /// The interval as a person reads it.
  var phrase: String {
    seconds == 1 ? "1 second" : "\(self) seconds"
  }
}
