import Glibc

/// A stream does not take what is printed.
struct OutputError: Error, CustomStringConvertible {
  /// Whether that is since nobody reads it any more, which is an end and no failure.
  let isClosed: Bool
  /// One line for a person.
  let description: String

  /// - Parameter code: What errno was.
  init(descriptor: CInt, code: CInt) {
    isClosed = code == EPIPE
    description =
      "cannot write to standard \(descriptor == STDERR_FILENO ? "error" : "output"): \(unsafe String(cString: strerror(code)))"
  }
}
