internal import CommonSupport

/// The error for an unusable value that a person gave, with its purpose, the value, and valid examples.
public struct InvalidValue: Error, Hashable, CustomStringConvertible {
  /// One line for a person: the value and how to correct it.
  public let description: String

  init(_ description: String) {
    self.description = description.visible
  }
}
