internal import CDatagram

/// The creation time and the inode number of a file, which tell the file from a copy of it: no call sets them.
///
/// That clock ticks every few milliseconds, so an immediate copy may have the same time. Source: statx(2), STATX_BTIME.
/// Some file systems do not record it.
struct FileBirth: Hashable, Sendable {
  /// The whole seconds since 1970.
  let seconds: Int64
  private let nanoseconds: UInt32
  /// Nil in files of earlier versions.
  private let inode: UInt64?

  /// The birth of no file.
  static let none = FileBirth(seconds: 0, nanoseconds: 0)

  /// The birth of an open file; nil if the file system does not record it.
  init?(of descriptor: CInt) {
    var (seconds, nanoseconds, inode): (Int64, UInt32, UInt64) = (0, 0, 0)
    guard unsafe cdatagram_birth(descriptor, &seconds, &nanoseconds, &inode) == 0 else { return nil }
    (self.seconds, self.nanoseconds, self.inode) = (seconds, nanoseconds, inode)
  }

  /// Creates a birth from its parts.
  init(seconds: Int64, nanoseconds: UInt32, inode: UInt64? = nil) {
    (self.seconds, self.nanoseconds, self.inode) = (seconds, nanoseconds, inode)
  }

  /// Parses the form of ``description``; nil if the text is no birth.
  init?(_ text: some StringProtocol) {
    let parts = text.split(separator: " ", omittingEmptySubsequences: false)
    let moment = parts[0].split(separator: ".", omittingEmptySubsequences: false)
    guard moment.count == 2, let seconds = Int64(moment[0]), let nanoseconds = UInt32(moment[1]) else { return nil }
    self.init(seconds: seconds, nanoseconds: nanoseconds, inode: parts.count == 2 ? UInt64(parts[1]) : nil)
    guard description == text else { return nil }
  }

  /// True if this recorded birth is that of a file as it is now. A birth recorded without an inode matches any inode.
  func isBirth(of file: FileBirth?) -> Bool {
    guard let file else { return false }
    return (seconds, nanoseconds) == (file.seconds, file.nanoseconds) && (inode == nil || inode == file.inode)
  }
}

extension FileBirth: CustomStringConvertible {
  /// Seconds since 1970, a dot, and nine digits of nanoseconds; a space and the inode number.
  var description: String {
    let digits = String(nanoseconds)
    let moment = "\(seconds).\(String(repeating: "0", count: max(0, 9 - digits.count)))\(digits)"
    return inode.map { "\(moment) \($0)" } ?? moment
  }
}
