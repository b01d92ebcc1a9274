/// The group or the interface cannot be used: what was asked for, why not, and what to do.
public struct NetworkError: Error, Hashable, CustomStringConvertible {
  /// One line for a person.
  public let description: String

  init(_ description: String) {
    self.description = description.visible
  }
}
