import Foundation
import TestSupport
import Testing

@Suite("Output that nobody reads")
struct BlockedOutputTests {
  private let group = LoopbackGroup()
  private let pipe = FullPipe()

  /// A peer or another command, with one of its streams in the pipe.
  private func start(_ arguments: [String], secret: String?, stream: Int) throws -> PeerProcess {
    try PeerProcess(
      arguments, home: group.home, secret: secret, environment: ["PIPE": pipe.path],
      shell: "exec \"$0\" \"$@\" \(stream)>$PIPE")
  }

  private var address: [String] { ["-I", "lo", "-t", "0", "-g", "\(group.address)"] }

  @Test(
    "SIGHUP changes the ring, and SIGTERM ends the peer, also if nobody reads standard error",
    .disabled(if: Sanitizer.flushesAtExit, "ThreadSanitizer's `_exit` waits for the blocked stream"))
  func ring() async throws {
    let (former, new) = ("the former secret of the group", "the new secret of the group")
    let ring = RingFileOfMember(former)
    let peer = try start(["0", "-o", "json", "-i", "0.1", "-k", ring.path] + address, secret: nil, stream: 2)
    try await peer.waitForEvent("sent")
    pipe.fill()
    func change(_ ring: RingFileOfMember, to secrets: [String]) async throws {
      let count = try peer.events.count { $0.cause == "ring" }
      ring.write(secrets)
      peer.signal(SIGHUP)
      try await eventually("a ring of \(secrets.count)") {
        try peer.events.filter { $0.cause == "ring" }.dropFirst(count).first?.keyIDs?.count == secrets.count
      }
    }
    for secrets in [[former], [former, new], [new, former], [new]] { try await change(ring, to: secrets) }
    peer.signal(SIGTERM)
    #expect(try await peer.exitCode() == 0)
    #expect(try peer.events("end").map(\.reason) == ["signal"])
  }

  @Test(
    "a peer whose standard error is full from the start sends, and ends on SIGTERM",
    .disabled(if: Sanitizer.flushesAtExit, "ThreadSanitizer's `_exit` waits for the blocked stream"))
  func fullFromTheStart() async throws {
    pipe.fill()
    let peer = try start(["0", "-o", "json", "-i", "0.1"] + address, secret: Vectors.shared.secret, stream: 2)
    try await peer.waitForEvent("sent")
    peer.signal(SIGTERM)
    #expect(try await peer.exitCode() == 0)
    #expect(try peer.events("end").map(\.reason) == ["signal"])
  }

  @Test(
    "SIGTERM ends `watch`, however often SIGHUP came while nobody read standard error",
    .disabled(if: Sanitizer.flushesAtExit, "ThreadSanitizer's `_exit` waits for the blocked stream"), arguments: 1...3)
  func watch(times: Int) async throws {
    let ring = RingFileOfMember(Vectors.shared.secret)
    let sender = try group.start(1, "-i", "0.1")
    let watch = try start(["watch", "-k", ring.path] + address, secret: nil, stream: 2)
    try await eventually("the sender") { try watch.output.contains("member 1 up") }
    pipe.fill()
    for _ in 0..<times {
      watch.signal(SIGHUP)
      try await Task.sleep(for: .milliseconds(100))
    }
    watch.signal(SIGTERM)
    _ = try await watch.exitCode()
    #expect(sender.isRunning)
  }

  @Test("SIGTERM ends a peer that failed and cannot write its error")
  func error() async throws {
    let peer = try PeerProcess(
      ["0", "--listen", "-o", "raw"] + address, home: group.home, secret: Vectors.shared.secret,
      environment: ["PIPE": pipe.path], shell: "exec \"$0\" \"$@\" >/dev/full 2>$PIPE")
    try await eventually("signals to be handled") { try peer.handles(SIGTERM) }
    pipe.fill()
    // Its message cannot be written, which is the failure.
    let other = try group.start(1, "-i", "0.1")
    try await eventually("the failure") { try !peer.handles(SIGTERM) }
    #expect(peer.isRunning && other.isRunning)
    peer.signal(SIGTERM)
    #expect(try await peer.exitCode() == -SIGTERM)
  }

  @Test("warnings reach standard error also if nobody reads standard output")
  func warnings() async throws {
    pipe.fill()
    let peer = try start(["0", "--listen", "-o", "json"] + address, secret: Vectors.shared.secret, stream: 1)
    let other = try PeerProcess(["1", "-i", "0.1"] + address, secret: "another secret of some length")
    try await peer.waitForError("warning")
    #expect(other.isRunning)
    peer.signal(SIGTERM)
    _ = try await peer.exitCode()
  }
}

/// A named pipe that is open, and that nobody reads.
final class FullPipe {
  private let directory = TemporaryDirectory()
  let path: String
  private let descriptor: Int32

  init() {
    path = "\(directory.path)/pipe"
    precondition(mkfifo(path, 0o600) == 0, "no pipe")
    descriptor = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC)
    precondition(descriptor >= 0, "the pipe cannot be opened")
  }

  deinit { close(descriptor) }

  /// Fills the pipe to its last byte.
  func fill() {
    for bytes in [[UInt8](repeating: 0x78, count: 4096), [0x78]] {
      while write(descriptor, bytes, bytes.count) > 0 {}
    }
  }
}
