import Foundation
import TestSupport
import Testing

@Suite("A member that was never heard")
struct AbsenceTests {
  private let group = LoopbackGroup()

  @Test("an absent member is reported after thirty seconds, in text, JSON and statistics, and again when it is heard")
  func missed() async throws {
    let start = Date.now
    let text = try group.start(0, "--peers", "0-3", "-i", "0.5")
    let json = try await group.startReceiver(1, ["-o", "json", "--peers", "0-3"])
    try await eventually("the notice", within: .seconds(90)) {
      try text.errors.contains("members 1-3 not heard since the start: do they run")
    }
    try await eventually("the event", within: .seconds(90)) {
      try json.events("peer").contains { $0.cause == "neverHeard" && $0.all == [2, 3] }
    }
    json.signal(SIGUSR1)
    try await eventually("the figures") { try json.events("stats").count == 1 }
    let figures = try #require(try json.events("stats").last?.members?.figures)
    #expect(figures.map(\.member) == [0, 2, 3] && figures[1...].map(\.state) == ["neverHeard", "neverHeard"])
    // On a busy machine the member may seem silent.
    #expect(["up", "silent"].contains(figures[0].state))
    #expect(figures[0].source?.contains(":") == true && figures[1].source == nil)
    #expect(figures[1].lastHeard == nil && figures[2].lastHeard == nil)
    let heard = try Date(
      try #require(figures[0].lastHeard), strategy: Date.ISO8601FormatStyle(includingFractionalSeconds: true))
    #expect(heard > start && heard <= .now)

    let late = try group.start(2, "--peers", "0-3", "-i", "0.5")
    try await text.waitForError("member 2 is heard now, ")
    try await json.waitForEvent("peer", "member 2") { $0.cause == "heard" && $0.member == 2 }
    // The absent members were reported once.
    #expect(try text.errors.components(separatedBy: "not heard since the start").count == 2)
    // The first member falls silent, and the statistics show that, too.
    text.signal(SIGTERM)
    #expect(try await text.exitCode() == 0)
    try await json.waitForEvent("peer", "silent") { $0.cause == "silent" && $0.member == 0 }
    json.signal(SIGUSR1)
    try await eventually("the figures") { try json.events("stats").count == 2 }
    let states = try #require(try json.events("stats").last?.members?.figures.map(\.state))
    #expect(states.count == 3 && states[0] == "silent" && states[1] != "neverHeard" && states[2] == "neverHeard")
    json.signal(SIGTERM)
    #expect(try await json.exitCode() == 0)
    _ = try await Project.validate(try json.output)
    _ = late
  }

  @Test("no member is reported absent if everyone is followed")
  func everyone() async throws {
    let json = try await group.startReceiver(1, ["-o", "json", "--peers", "0-255"])
    let other = try group.start(0, "--peers", "0-255", "-i", "1")
    try await eventually("forty seconds of messages", within: .seconds(90)) { try json.events("received").count >= 40 }
    json.signal(SIGUSR1)
    try await json.waitForEvent("stats")
    #expect(try json.events("stats").last?.members?.figures.map(\.member) == [0])
    #expect(try !json.events("peer").contains { $0.cause == "neverHeard" })
    #expect(try !other.errors.contains("not heard since the start"))
  }
}
