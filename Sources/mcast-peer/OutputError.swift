/// Standard output does not take what is printed.
struct OutputError: Error, CustomStringConvertible {
  /// One line for a person.
  let description: String
}
