internal import CommonSupport
import SystemPackage

/// The reason that there is no secret to use, with the facts and a remedy.
public enum SecretError: Error, Hashable, CustomStringConvertible {
  /// Other users can read or change the file.
  case openToOthers(String)
  /// There is no secret there, or it cannot be read or used.
  case unusable(String)
  /// There is no file at the path.
  case missing(String, path: FilePath)
  /// There is a file at the path already, which is never overwritten.
  case exists(String)
  /// The ring has no room for another secret.
  case full(String)
  /// Messages would be accepted without a signature, in a ring whose messages are signed.
  case endsSigning(String)

  /// One line for a person, with invisible characters escaped. It never holds any of the secret.
  public var description: String {
    switch self {
    case .openToOthers(let reason), .unusable(let reason), .missing(let reason, _), .exists(let reason),
      .full(let reason), .endsSigning(let reason):
      reason.visible
    }
  }
}
