/// Fewer messages came than were expected.
struct ExpectationNotMet: Error, CustomStringConvertible {
  static let exitCode: Int32 = 1

  let received: Int
  let expected: Int

  /// One line for a person.
  var description: String {
    "\(received) of \(expected) expected messages came (see --expect and --deadline)"
  }
}
