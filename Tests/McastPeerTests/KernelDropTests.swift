import Foundation
import TestSupport
import Testing

@Suite("Kernel drops")
struct KernelDropTests {
  private let group = LoopbackGroup()

  @Test("kernel drops are reported in datagrams, although the kernel counts batches")
  func batches() async throws {
    let count = 20_000
    let receiver = try await group.startReceiver(1, ["-o", "json"])
    // It receives nothing for a while, and the sender's batches overflow its queue.
    try await receiver.stop()
    defer { receiver.signal(SIGCONT) }
    let sender = try group.start(
      0, "--rate", "0", "-c", "\(count)", "-o", "raw", "-m", String(repeating: "x", count: 1000))
    #expect(try await sender.exitCode() == 0)
    receiver.signal(SIGCONT)
    // Wait until the queue is empty.
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
    // Skip the many lines of received messages.
    let others = try receiver.lines.filter { !$0.contains("\"event\":\"received\"") }
    let events = try others.filter { !$0.isEmpty }.map { try JSONDecoder().decode(EventLine.self, from: Data($0.utf8)) }
    #expect(events.contains { $0.event == "peer" && $0.cause == "kernelDrops" && $0.all == [] })
    let told = events.filter { $0.reason == "kernel" }.reduce(0) { $0 + ($1.count ?? 0) }
    #expect(told == dropped)
    _ = try await Project.validate(others.joined(separator: "\n"))
  }

  @Test(
    "kernel drops are reported after a time in which own records did not loop back",
    .enabled(if: Namespace.isAvailable, "needs a network namespace"))
  func afterFlap() async throws {
    let (here, there, home) = (try Namespace(), try Namespace(), TemporaryDirectory())
    try here.connect("red", "10.11.0.1/24", to: there, "10.11.0.2/24")
    // While it is a member, our peer leaves the group for a second after the carrier returns.
    let foreign = try PeerProcess.foreignMember(on: "10.11.0.1", in: here)
    try await foreign.waitForLine("joined")
    func start(_ node: Int, _ arguments: String..., in namespace: Namespace) throws -> PeerProcess {
      try PeerProcess(
        ["\(node)", "-I", "red", "--peers", "0-1"] + arguments, home: home, secret: Vectors.shared.secret,
        namespace: namespace)
    }
    let receiver = try start(0, "--rate", "1000", "-m", "x", in: here)
    try await receiver.waitForError(" on red, TTL 1")
    try there.run("ip link set red down")
    try await receiver.waitForError("interface red has no carrier")
    try there.run("ip link set red up")
    try await receiver.waitForError("interface red is back: joined 239.255.0.1:12345 again")
    try await receiver.stop()
    defer { receiver.signal(SIGCONT) }
    let count = 20_000
    let sender = try start(
      1, "--rate", "0", "-c", "\(count)", "-o", "raw", "-m", String(repeating: "y", count: 1000), in: there)
    #expect(try await sender.exitCode() == 0)
    receiver.signal(SIGCONT)
    func missing(_ report: StatisticsReport) -> Int { count - (report.nodes[1]?["received"] ?? 0) }
    // The latest drops are counted as batches at first.
    let report = try await receiver.trafficReport { $0.nodes[1] != nil && $0.droppedByKernel > missing($0) / 4 }
    let missing = missing(report)
    #expect(missing > 1000 && report.droppedByKernel > missing / 4, "\(report.droppedByKernel) of \(missing)")
    #expect(foreign.isRunning)
  }
}
