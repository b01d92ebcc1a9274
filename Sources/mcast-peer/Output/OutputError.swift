import Glibc

/// A failed write to standard output or standard error.
struct OutputError: Error, CustomStringConvertible {
  /// True if the reader has closed the stream (EPIPE), which ends the command without a failure.
  let isClosed: Bool
  let description: String

  /// - Parameter code: The value of errno.
  init(descriptor: CInt, code: CInt) {
    isClosed = code == EPIPE
    description =
      "cannot write to standard \(descriptor == STDERR_FILENO ? "error" : "output"): \(unsafe String(cString: strerror(code)))"
  }
}
