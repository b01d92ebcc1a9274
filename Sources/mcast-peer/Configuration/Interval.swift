import ArgumentParser

/// A time on the command line: 0.001 s to a year.
struct Interval: CustomStringConvertible {
  private static let limits = 0.001...31_536_000

  private let seconds: Double

  /// - Parameter seconds: A number within the limits.
  init(seconds: Double) {
    self.seconds = seconds
  }

  /// Parses a decimal number of seconds.
  init(_ text: String, _ name: String = "an interval") throws {
    guard let seconds = Double(text), Self.limits.contains(seconds) else {
      throw ValidationError("give \(name) in seconds, from 0.001 to 31536000 (a year)")
    }
    self.init(seconds: seconds)
  }

  var duration: Duration {
    .seconds(seconds)
  }

  /// The number of seconds, without ".0".
  var description: String {
    seconds == seconds.rounded() ? String(Int(seconds)) : String(seconds)
  }

  /// The interval with its unit.
  var phrase: String {
    seconds == 1 ? "1 second" : "\(self) seconds"
  }
}
