import Foundation
import Logging
import TestSupport
import Testing

@testable import MulticastDTLS
@testable import mcast_peer

@Suite("What is shown, and when")
struct DisplayTests {
  private let pipe = Pipe()
  private let ending = Ending()

  private func makeDisplay(limit: Int? = nil) throws -> Display {
    let presentation = JSONPresentation(try MemberID("0"), .standard, sendingOn: loopback)
    let console = Console(descriptor: pipe.fileHandleForWriting.fileDescriptor)
    return Display(presentation, on: console, ending: ending, limit: limit)
  }

  private func start() throws -> Start {
    let configuration = MulticastPeer.Configuration(
      member: try MemberID("0"), peers: MemberSet(0...2), group: .standard, interface: loopback, state: nil)
    return Start(configuration: configuration, epoch: .first, keyIDs: [], input: "")
  }

  /// The events that were written until now.
  private func written(by display: Display) async throws -> [EventLine] {
    try await eventually("all to be written") { display.isWritten }
    let lines = String(decoding: pipe.fileHandleForReading.availableData, as: UTF8.self).split(separator: "\n")
    return try lines.map { try JSONDecoder().decode(EventLine.self, from: Data($0.utf8)) }
  }

  private func origin(_ sequence: UInt64) throws -> Message.Origin {
    Message.Origin(
      sender: try MemberID("1"), epoch: .first, sequence: sequence,
      source: Endpoint(try #require(IPAddress("192.0.2.7")), port: 5000), interface: loopback.index)
  }

  @Test("the start is the first event, whatever happens before it is shown")
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

  @Test("nothing comes after the end, which is shown once")
  func endIsLast() async throws {
    let display = try makeDisplay()
    try await display.started(start())
    try await display.end()
    display.offer { $0.failed("late", &$1) }
    try await display.show { $0.failed("late", &$1) }
    try await display.end()
    #expect(try await written(by: display).map(\.event) == ["start", "end"])
  }

  @Test("as many messages are shown as are expected, and then there is a reason to end")
  func limit() async throws {
    let display = try makeDisplay(limit: 2)
    try await display.started(start())
    for number in 0..<4 {
      #expect(ending.reason == (number < 2 ? nil : .expected))
      let origin = try origin(UInt64(number))
      let payload: [UInt8] = []
      let hasRoom = display.received(origin, payload.span)
      // Who gets no more of them is told so.
      #expect(hasRoom == (number < 2))
    }
    #expect(display.counts.received == 2)
    #expect(try await written(by: display).map(\.event) == ["start", "peer", "received", "received"])
  }

  @Test("what is dropped is told once, by reason and member, and the rest without one")
  func dropped() async throws {
    let display = try makeDisplay()
    try await display.started(start())
    let source = Endpoint(try #require(IPAddress("192.0.2.7")), port: 5000)
    let forged = RecordHeader(IndependentRecord(member: 1, text: "").sealed(.mac(key: [1])).span)
    var traffic = Traffic.none
    for _ in 0..<3 { traffic.count(Refused(.forged, forged, source)) }
    for _ in 0..<2 { traffic.count(Refused(.foreign, nil, source)) }
    display.showDropped(traffic)
    display.showDropped(traffic)
    traffic.count(Refused(.forged, forged, source))
    traffic.count(Refused(.forged, nil, source))
    traffic.droppedByKernel = 7
    display.showDropped(traffic)
    let events = try await written(by: display).dropFirst()
    #expect(events.map(\.reason) == ["foreign", "forged", "forged", "forged", "kernel"])
    #expect(events.map(\.member) == [nil, 1, 1, nil, nil])
    #expect(events.map(\.count) == [2, 3, 1, 1, 7])
  }
}
