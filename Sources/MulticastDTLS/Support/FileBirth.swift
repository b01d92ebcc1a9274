import CDatagram

/// The moment at which a file was made and its inode's number, by which a copy of it is told from the file itself: no call
/// sets them.
///
/// The clock of that moment ticks every few milliseconds, so that a copy that is made at once may have the same. Source:
/// statx(2), STATX_BTIME. Some file systems do not keep it.
struct FileBirth: Hashable, Sendable {
  private let seconds: Int64
  private let nanoseconds: UInt32
  /// Nil in what former versions wrote.
  private let inode: UInt64?

  /// The birth of no file.
  static let none = FileBirth(seconds: 0, nanoseconds: 0)

  /// Asks for the birth of an open file; nil where the file system does not keep it.
  init?(of descriptor: CInt) {
    var (seconds, nanoseconds, inode): (Int64, UInt32, UInt64) = (0, 0, 0)
    guard unsafe cdatagram_birth(descriptor, &seconds, &nanoseconds, &inode) == 0 else { return nil }
    (self.seconds, self.nanoseconds, self.inode) = (seconds, nanoseconds, inode)
  }

  /// Puts a birth together.
  init(seconds: Int64, nanoseconds: UInt32, inode: UInt64? = nil) {
    (self.seconds, self.nanoseconds, self.inode) = (seconds, nanoseconds, inode)
  }

  /// Reads what ``description`` says; nil if that is no birth.
  init?(_ text: some StringProtocol) {
    let parts = text.split(separator: " ", omittingEmptySubsequences: false)
    let moment = parts[0].split(separator: ".", omittingEmptySubsequences: false)
    guard moment.count == 2, let seconds = Int64(moment[0]), let nanoseconds = UInt32(moment[1]) else { return nil }
    self.init(seconds: seconds, nanoseconds: nanoseconds, inode: parts.count == 2 ? UInt64(parts[1]) : nil)
    guard description == text else { return nil }
  }

  /// True if this, which was written down, is the birth of a file as it is now.
  func isBirth(of file: FileBirth?) -> Bool {
    guard let file else { return false }
    return (seconds, nanoseconds) == (file.seconds, file.nanoseconds) && (inode == nil || inode == file.inode)
  }
}

extension FileBirth: CustomStringConvertible {
  /// Seconds since 1970, a dot, and nine digits of nanoseconds; a blank and the inode's number.
  var description: String {
    let digits = String(nanoseconds)
    let moment = "\(seconds).\(String(repeating: "0", count: max(0, 9 - digits.count)))\(digits)"
    return inode.map { "\(moment) \($0)" } ?? moment
  }
}
