import Foundation
import Logging
import TestSupport
import Testing

@testable import MulticastDTLS
@testable import mcast_peer

extension RecordHeader {
  fileprivate init?(_ bytes: [UInt8]) {
    self.init(bytes.span)
  }
}

@Suite("Writing of events")
struct EventWriterTests {
  private let pipe = Pipe()
  private let stopTrigger = StopTrigger()

  private func makeDisplay(limit: Int? = nil) throws -> EventWriter {
    let presentation = JSONFormat(
      try MemberID("0"), .standard, Members(roster: Roster(MemberSet(0...2)), origin: .standard))
    let console = StandardStream(descriptor: pipe.fileHandleForWriting.fileDescriptor)
    return EventWriter(presentation, on: console, stopTrigger: stopTrigger, limit: limit)
  }

  private func start() throws -> Start {
    let configuration = MulticastPeer.Configuration(
      member: try MemberID("0"), peers: MemberSet(0...2), group: .standard, suite: .wdmNullSHA256, interface: loopback,
      state: nil)
    return Start(
      configuration: configuration, interfaces: ["lo"], epoch: .first, keyIDs: [], isSigned: false, input: "")
  }

  /// The events written so far.
  private func written(by display: EventWriter) async throws -> [EventLine] {
    try await eventually("all to be written") { display.isWritten }
    let lines = String(decoding: pipe.fileHandleForReading.availableData, as: UTF8.self).split(separator: "\n")
    return try lines.map { try JSONDecoder().decode(EventLine.self, from: Data($0.utf8)) }
  }

  private func origin(_ sequence: UInt64) throws -> Message.Origin {
    Message.Origin(
      sender: try MemberID("1"), epoch: .first, sequence: sequence,
      source: Endpoint(try #require(IPAddress("192.0.2.7")), port: 5000), interface: loopback.index)
  }

  @Test("the start is the first event, also if others happen before it is written")
  func startIsFirst() async throws {
    let display = try makeDisplay()
    display.offer { $0.failed("early", &$1) }
    let (origin, payload) = (try origin(0), Array("early, too".utf8))
    let hasRoom = display.received(origin, payload.span)
    #expect(hasRoom)
    try await display.started(start())
    display.offer { $0.failed("late", &$1) }
    try await display.end()
    #expect(try await written(by: display).map(\.event) == ["start", "error", "peer", "received", "error", "end"])
  }

  @Test("the end is written once, and nothing follows it")
  func endIsLast() async throws {
    let display = try makeDisplay()
    try await display.started(start())
    try await display.end()
    display.offer { $0.failed("late", &$1) }
    try await display.write { $0.failed("late", &$1) }
    try await display.end()
    #expect(try await written(by: display).map(\.event) == ["start", "end"])
  }

  @Test("as many messages are written as expected, and then there is a reason to stop")
  func limit() async throws {
    let display = try makeDisplay(limit: 2)
    try await display.started(start())
    for number in 0..<4 {
      #expect(stopTrigger.reason == (number < 2 ? nil : .expected))
      let origin = try origin(UInt64(number))
      let payload: [UInt8] = []
      let hasRoom = display.received(origin, payload.span)
      // The writer has no room for more than the expected messages.
      #expect(hasRoom == (number < 2))
    }
    #expect(display.counts.received == 2)
    #expect(try await written(by: display).map(\.event) == ["start", "peer", "received", "received"])
  }

  @Test("drops are reported at most once a second for a reason, with all their members, and at the end")
  func dropped() async throws {
    let display = try makeDisplay()
    try await display.started(start())
    let begin = ContinuousClock.now
    var statistics = Statistics.none
    for _ in 0..<3 { statistics.count(.forged, of: 1) }
    for _ in 0..<2 { statistics.count(.foreign, of: nil) }
    display.writeDropped(statistics, now: begin)
    display.writeDropped(statistics, now: begin + .seconds(1))
    statistics.count(.forged, of: 1)
    statistics.count(.forged, of: 200)
    statistics.count(.forged, of: nil)
    statistics.droppedByKernel = 7
    display.writeDropped(statistics, now: begin + .seconds(1))
    statistics.count(.forged, of: 200)
    display.writeDropped(statistics, now: begin + .seconds(2.9))
    display.writeDropped(statistics, now: begin + .seconds(2.9), isLast: true)
    let events = try await written(by: display).dropFirst()
    #expect(events.map(\.reason) == ["foreign", "forged", "forged", "kernel", "forged"])
    #expect(events.map(\.member) == [nil, 1, nil, nil, 200])
    #expect(events.map(\.members?.ids) == [nil, nil, [1, 200], nil, nil])
    #expect(events.map(\.count) == [2, 3, 3, 7, 1])
  }

  @Test("drops that continue are reported after 1, 2, 4, ... seconds, and all are counted")
  func droppedForADay() throws {
    var (dropped, statistics) = (DroppedEvents(), Statistics())
    let start = ContinuousClock.now
    var times: [Int] = []
    var count = 0
    func look(_ second: Int, isLast: Bool = false) {
      for event in dropped.events(of: statistics, now: start + .seconds(second), isLast: isLast) {
        #expect(event.reason == "forged")
        times.append(second)
        count += event.count
      }
    }
    // A day of forgeries with all IDs in turn.
    for second in 0..<86_400 {
      statistics.count(.forged, of: MemberID(rawValue: UInt8(second % 256)))
      look(second)
    }
    #expect(times.prefix(8) == [0, 1, 3, 7, 15, 31, 63, 127] && times.count <= 36, "\(times)")
    look(86_400, isLast: true)
    #expect(count == 86_400)
    // After a minute without drops, the next one is reported at once.
    times = []
    statistics.count(.forged, of: nil)
    look(86_470)
    #expect(times == [86_470])
  }
}
