import CDatagram

/// The moment at which a file was made, by which a copy of it is told from the file itself: no call sets it.
///
/// Source: statx(2), STATX_BTIME. Some file systems do not keep it.
struct FileBirth: Hashable, Sendable {
  private let seconds: Int64
  private let nanoseconds: UInt32

  /// Asks for the birth of an open file; nil where the file system does not keep it.
  init?(of descriptor: CInt) {
    var (seconds, nanoseconds): (Int64, UInt32) = (0, 0)
    guard unsafe cdatagram_birth(descriptor, &seconds, &nanoseconds) == 0 else { return nil }
    (self.seconds, self.nanoseconds) = (seconds, nanoseconds)
  }

  /// Puts a birth together.
  init(seconds: Int64, nanoseconds: UInt32) {
    (self.seconds, self.nanoseconds) = (seconds, nanoseconds)
  }

  /// Reads what ``description`` says; nil if that is no birth.
  init?(_ text: some StringProtocol) {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 2, let seconds = Int64(parts[0]), let nanoseconds = UInt32(parts[1]) else { return nil }
    self.init(seconds: seconds, nanoseconds: nanoseconds)
    guard description == text else { return nil }
  }
}

extension FileBirth: CustomStringConvertible {
  /// Seconds since 1970, a dot, and nine digits of nanoseconds.
  var description: String {
    let digits = String(nanoseconds)
    return "\(seconds).\(String(repeating: "0", count: max(0, 9 - digits.count)))\(digits)"
  }
}
