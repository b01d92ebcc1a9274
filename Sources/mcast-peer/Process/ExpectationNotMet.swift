/// The error of `--expect`: too few messages arrived.
struct ExpectationNotMet: Error, CustomStringConvertible {
  static let exitCode: Int32 = 1

  let received: Int
  let expected: Int

  var description: String {
    "received \(received) of \(expected) expected messages (see --expect and --deadline)"
  }
}
