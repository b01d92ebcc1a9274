import TestSupport
import Testing

@testable import mcast_peer

@Suite("How a process leaves that is to end")
struct ExitWatchdogTests {
  @Test("it waits for a busy machine, and not for a reader who has taken nothing for 400 ms")
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
    // Longer than a reader is given.
    try await Task.sleep(for: .milliseconds(700))
    #expect(!hasLeft.isSet)
    isStalled.set()
    try await eventually("its end") { hasLeft.isSet }
  }
}
