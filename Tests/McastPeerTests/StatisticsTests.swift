import Foundation
import Synchronization
import TestSupport
import Testing

@Suite("The statistics table of a peer")
struct StatisticsTests {
  private let group = LoopbackGroup()

  @Test("the table on standard error has the true counts, and standard output has messages only")
  func table() async throws {
    let peer = try await group.startListener(0, "--peers", "0-4")
    let socket = try FloodSocket(group.address)
    func send(_ member: UInt8, _ sequence: UInt64, epoch: UInt16 = 1, isForged: Bool = false) throws {
      var record = IndependentRecord(member: member, sequence: sequence, epoch: epoch, text: "\(sequence)")
        .sealed(group.keys)
      if isForged { record[record.count - 1] ^= 1 }
      try socket.send(record)
    }
    // From member 1, 7 is lost, 8 is late and 9 is repeated. Member 2 is in a later epoch. Member 3 is forged.
    for sequence in [5, 6, 9, 8, 9] as [UInt64] { try send(1, sequence) }
    try send(2, 0, epoch: 2)
    try send(2, 0, epoch: 1)
    for sequence in [0, 1] as [UInt64] { try send(3, sequence, isForged: true) }
    try send(0, 700)
    try send(9, 0)
    try socket.send(Array("GET / HTTP/1.1\r\n\r\n".utf8))
    try socket.send(bytes("17fefd00010100000010010000"))

    let report = try await peer.trafficReport { $0.total == 13 }
    #expect(report.total == 13)
    let table = """
      member     key ID  received  lost  reordered  replayed  forged  stale epoch  overrun
           1  9ab7-6d2d         4     1          1         1       0            0        0
           2  9ab7-6d2d         1     0          0         0       0            1        0
           3          -         0     0          0         0       2            0        0
      nothing from: member 4
      refused, of all: foreign 1, malformed 1, own 0, own ID used by others 1, unknown member 1, stale epoch 1, replayed 1, \
      other cipher suite 0, forged 2, unsigned 0, no key 0, not by its sender 0, not verified 0, overrun 0
      dropped by the kernel: 0

      """
    let errors = try peer.errors
    #expect(errors.contains(table), "\(errors)")
    try await eventually("the messages") { try peer.lines.count { $0.contains("Received") } == 5 }
    #expect(
      try peer.lines.dropFirst(9) == [
        "Node 0: Sent: \"Hello from node 0, message #1\"",
        "Node 0: Received from peer 1: \"5\"", "Node 0: Received from peer 1: \"6\"",
        "Node 0: Received from peer 1: \"9\"", "Node 0: Received from peer 1: \"8\"",
        "Node 0: Received from peer 2: \"0\"", "",
      ])
  }

  @Test("the table is printed at the end only with --stats")
  func atTheEnd() async throws {
    let asked = try group.start(0, "-c", "1", "--stats")
    let other = try group.start(1, "-c", "1")
    for peer in [asked, other] { #expect(try await peer.exitCode() == 0) }
    #expect(try asked.errors.hasSuffix("\ndropped by the kernel: 0\n"))
    #expect(try StatisticsReport(asked.errors)?.nodes[2] == nil)
    #expect(try StatisticsReport(other.errors) == nil)
    for peer in [asked, other] { #expect(try !peer.output.contains("kernel")) }
  }

  @Test("continuous SIGUSR1, from the first moment to the last, does not end the peer")
  func askedAllTheTime() async throws {
    // Start the thread first, or on a busy machine it would miss the start of the peer.
    let asker = Asker()
    defer { asker.isOver.set() }
    let peer = try group.start(0, "-i", "0.01")
    asker.process.store(peer.identifier, ordering: .relaxed)
    func tables() throws -> Int { try peer.errors.components(separatedBy: "dropped by the kernel: ").count - 1 }
    try await eventually("tables") { try tables() > 20 }
    peer.signal(SIGTERM)
    #expect(try await peer.exitCode() == 0)
    // Stop at once, since the process ID may soon belong to another process.
    asker.isOver.set()
    #expect(asker.asked.load(ordering: .relaxed) > 20)
    #expect(try peer.lines.allSatisfy { $0.isEmpty || $0.hasPrefix("Node 0: ") || $0.hasPrefix("===") })
  }
}

/// Requests a process's table continuously, as soon as the process handles the signal.
private final class Asker: Sendable {
  let isOver = Flag()
  let process = Atomic<Int32>(0)
  /// The number of requests.
  let asked = Atomic(0)

  /// Starts a thread that runs until `isOver`. A task could start too late on a busy machine.
  init() {
    Thread.detachNewThread { [self] in
      while !isOver.isSet {
        ask()
        usleep(200)
      }
    }
  }

  private func ask() {
    let process = process.load(ordering: .relaxed)
    // Before the command's first instructions, the signal would end it.
    guard process != 0, asked.load(ordering: .relaxed) > 0 || isHandled(SIGUSR1, by: process) else { return }
    if kill(process, SIGUSR1) == 0 { asked.add(1, ordering: .relaxed) }
  }
}
