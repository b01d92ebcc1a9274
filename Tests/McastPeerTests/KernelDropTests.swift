import Foundation
import TestSupport
import Testing

@Suite("What the kernel drops")
struct KernelDropTests {
  private let group = LoopbackGroup()

  @Test("is told in datagrams, though the kernel counts batches of them, and said without being asked")
  func batches() async throws {
    let count = 40_000
    let receiver = try await group.startReceiver(1, ["-o", "json"])
    // It takes nothing for a while; what comes meanwhile, as batches of the sender's, overflows its queue.
    receiver.signal(SIGSTOP)
    defer { receiver.signal(SIGCONT) }
    let sender = try group.start(
      0, "--rate", "0", "-c", "\(count)", "-o", "raw", "-m", String(repeating: "x", count: 1000))
    #expect(try await sender.exitCode() == 0)
    receiver.signal(SIGCONT)
    // Until all that waited in the queue was taken.
    var (received, report) = (-1, try await receiver.trafficReport())
    while true {
      let now = report.nodes[0]?["received"] ?? 0
      if now > 0, now == received { break }
      received = now
      try await Task.sleep(for: .seconds(1))
      report = try await receiver.trafficReport()
    }
    let missing = count - received
    try #require(missing > 1000, "nothing was dropped: \(received) of \(count) received")
    let dropped = report.droppedByKernel
    #expect(dropped > missing / 2 && dropped < missing * 2, "about \(dropped) for \(missing)")
    let line = try #require(try receiver.errors.split(separator: "\n").last { $0.hasPrefix("dropped by the kernel: ") })
    let numbers = line.split(whereSeparator: { !$0.isNumber }).compactMap { Int($0) }
    #expect(line.contains(" datagrams, in ") && numbers.count == 2 && numbers[1] * 10 < numbers[0], "\(line)")
    try await receiver.waitForError("the kernel dropped about ")
    receiver.signal(SIGTERM)
    #expect(try await receiver.exitCode() == 0)
    // The messages themselves are many, and nothing new.
    let others = try receiver.lines.filter { !$0.contains("\"event\":\"received\"") }
    let events = try others.filter { !$0.isEmpty }.map { try JSONDecoder().decode(EventLine.self, from: Data($0.utf8)) }
    #expect(events.contains { $0.event == "peer" && $0.cause == "kernelDrops" && $0.all == [] })
    let told = events.filter { $0.reason == "kernel" }.reduce(0) { $0 + ($1.count ?? 0) }
    #expect(told == dropped)
    _ = try await Project.validate(others.joined(separator: "\n"))
  }
}
