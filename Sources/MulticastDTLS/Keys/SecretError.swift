/// Why there is no secret to use: what was looked at, and what to do.
public enum SecretError: Error, Hashable, CustomStringConvertible {
  /// Others than the user can read or change the file.
  case openToOthers(String)
  /// There is no secret there, or it cannot be read or used.
  case unusable(String)

  /// One line for a person, with invisible characters written out. It never holds any of the secret.
  public var description: String {
    switch self {
    case .openToOthers(let reason), .unusable(let reason): reason.visible
    }
  }
}
