/// A value that a person gave and that cannot be used: what it is for, what was given, and what would do.
public struct InvalidValue: Error, Hashable, CustomStringConvertible {
  /// One line for a person: the value and how to correct it.
  public let description: String

  init(_ description: String) {
    self.description = description.visible
  }
}
