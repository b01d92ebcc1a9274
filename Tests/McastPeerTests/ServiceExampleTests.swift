import Foundation
import TestSupport
import Testing

@Suite("The service example")
struct ServiceExampleTests {
  private let group = LoopbackGroup()

  private func start(_ member: Int) throws -> PeerProcess {
    try PeerProcess(
      ["\(member)", "\(group.address)", "lo"], executable: PeerProcess.built("sensor"), home: group.home,
      secret: Vectors.shared.secret)
  }

  @Test("two sensors log each other's readings and events, and SIGTERM ends each in order, with its state on disk")
  func sensors() async throws {
    // The secret comes from elsewhere: the home of the group vouches for its members.
    let first = try start(0)
    let second = try start(1)
    try await first.waitForError("member=1")
    try await second.waitForError("text=reading")
    first.signal(SIGTERM)
    #expect(try await first.exitCode() == 0)
    // Its state was unlocked: it starts again at once, and is heard in a later epoch.
    let again = try start(0)
    try await eventually("its return") { try second.errors.contains("sensors are back") }
    try await again.waitForError("member=1")
    for sensor in [again, second] {
      sensor.signal(SIGTERM)
      #expect(try await sensor.exitCode() == 0)
    }
  }
}
