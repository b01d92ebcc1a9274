import MulticastDTLS

/// The cells of a table row as text.
struct FormattedRow {
  let row: MemberTable.Row

  var epoch: String { row.epoch.map { "\($0)" } ?? "-" }
  var rate: String { Self.rate(row.rate) }
  var loss: String { Self.decimal(row.loss, digits: 2) }
  var keyID: String { row.keyID.map { "\($0)" } ?? "-" }
  var source: String { row.source.map { "\($0)" } ?? "-" }

  /// The cipher suite of its records, and if they are signed.
  func protection(_ suite: CipherSuite) -> String { row.epoch == nil ? "-" : Self.protection(suite, row.isSigning) }

  /// A cipher suite, and if messages are signed.
  static func protection(_ suite: CipherSuite, _ isSigned: Bool) -> String { suite.name + (isSigned ? ", signed" : "") }

  /// The time since the member was last heard.
  var age: String { row.age.map { Self.time($0) } ?? "-" }

  /// A rate, in messages a second.
  static func rate(_ rate: Double) -> String { decimal(rate, digits: rate < 100 ? 1 : 0) }

  /// A time in seconds, minutes or hours.
  static func time(_ time: Duration) -> String {
    let seconds = time / .seconds(1)
    return switch seconds {
    case ..<100: "\(decimal(seconds, digits: 1)) s"
    case ..<6000: "\(Int(seconds / 60)) min"
    default: "\(Int(seconds / 3600)) h"
    }
  }

  private static func decimal(_ number: Double, digits: Int) -> String {
    let scale = digits == 0 ? 1.0 : digits == 1 ? 10 : 100
    let scaled = Int((max(number, 0) * scale).rounded())
    if digits == 0 { return "\(scaled)" }
    let fraction = "\(scaled % Int(scale))"
    return "\(scaled / Int(scale))." + String(repeating: "0", count: digits - fraction.count) + fraction
  }
}
