internal import CommonSupport

/// The error that the group or the interface cannot be used, with the reason and a remedy.
public struct NetworkError: Error, Hashable, CustomStringConvertible {
  /// One line for a person.
  public let description: String

  init(_ description: String) {
    self.description = description.visible
  }
}
