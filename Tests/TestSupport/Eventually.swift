/// An awaited condition did not become true in time.
package struct Timeout: Error, CustomStringConvertible {
  package let description: String

  package init(description: String) {
    self.description = description
  }
}

/// Waits until a condition holds. The limit is long, for slow machines; a test that passes does not reach it.
package func eventually(
  _ what: @autoclosure () -> String, within time: Duration = .seconds(30), every pause: Duration = .milliseconds(5),
  _ condition: () throws -> Bool
) async throws {
  // A sanitizer makes everything slow.
  let end = ContinuousClock.now.advanced(by: Sanitizer.isOn ? time * 10 : time)
  while try !condition() {
    guard ContinuousClock.now < end else { throw Timeout(description: "waited \(time) for \(what())") }
    try await Task.sleep(for: pause)
  }
}
