import Synchronization

/// The files that a running peer could not use when it read them last. It works with their former content, and does not
/// start with the present one.
final class UnusableFiles: Sendable {
  enum File: String, CaseIterable {
    case secret, roster, identity
  }

  private let reasons = Mutex<[File: String]>([:])

  /// The reasons, by file.
  var value: [File: String] { reasons.withLock { $0 } }

  /// Records the result of a read.
  ///
  /// - Parameter reason: Nil if the file is in use now.
  /// - Returns: The former reason; nil if the file was in use.
  func record(_ file: File, _ reason: String?) -> String? {
    reasons.withLock { reasons in
      defer { reasons[file] = reason }
      return reasons[file]
    }
  }
}
