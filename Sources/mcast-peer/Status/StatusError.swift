import Glibc

/// A running peer that cannot be asked for its status.
enum StatusError: Error, CustomStringConvertible {
  /// No process answers.
  case noAnswer(String)
  /// This user may not ask, or another user would answer.
  case denied(String)

  /// The exit code, of sysexits.h.
  var exitCode: Int32 {
    switch self {
    case .noAnswer: EX_UNAVAILABLE
    case .denied: EX_NOPERM
    }
  }

  var description: String {
    switch self {
    case .noAnswer(let text), .denied(let text): text
    }
  }
}
