internal import CommonSupport

/// The reason that a roster cannot be used, with the facts and a remedy.
public enum RosterError: Error, Hashable, CustomStringConvertible {
  /// Other users can change or replace the file.
  case openToOthers(String)
  /// There is no file at the path.
  case missing(String)
  /// The file cannot be read, or a line of it is none of a roster.
  case unusable(String)

  /// One line for a person, with invisible characters escaped.
  public var description: String {
    switch self {
    case .openToOthers(let reason), .missing(let reason), .unusable(let reason): reason.visible
    }
  }
}
