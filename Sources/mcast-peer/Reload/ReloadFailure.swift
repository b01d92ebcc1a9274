import Logging

/// A failed reload, after which all stays as it was.
struct ReloadFailure: Error, CustomStringConvertible {
  let description: String

  /// Logs the failure.
  init(_ description: String, _ logger: Logger) {
    self.description = description
    logger.error("\(description)")
  }
}
