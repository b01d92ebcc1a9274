import TestSupport
import Testing

@testable import mcast_peer

@Suite("The exit watchdog")
struct ExitWatchdogTests {
  @Test("the watchdog waits for a busy machine, and ends the process if its output is stalled")
  func stalled() async throws {
    let (isStalled, isAsked, hasLeft) = (Flag(), Flag(), Flag())
    let watchdog = ExitWatchdog(limit: .seconds(3600)) {
      isAsked.set()
      return isStalled.isSet
    } exit: {
      hasLeft.set()
    }
    watchdog.start {}
    try await eventually("a look at the streams") { isAsked.isSet }
    // Longer than the time for a stalled reader.
    try await Task.sleep(for: .milliseconds(700))
    #expect(!hasLeft.isSet)
    isStalled.set()
    try await eventually("its end") { hasLeft.isSet }
  }
}
