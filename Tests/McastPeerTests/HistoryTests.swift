import Foundation
import TestSupport
import Testing

@testable import MulticastDTLS

@Suite("Random histories of a state on disk")
struct HistoryTests {
  /// The number of batches. It is lower with a sanitizer, which makes each start slow.
  private static let batches = Sanitizer.environment.isEmpty ? 20 : 4
  private static let perBatch = 10

  @Test("no nonce is used twice without a warning by the member", arguments: 0..<batches)
  func neverTwiceInSilence(batch: Int) async throws {
    for number in 0..<Self.perBatch {
      try await History(seed: UInt64(batch * Self.perBatch + number)).play()
    }
  }
}

/// One random history. Two members of one state directory are started, killed and cloned, and their state is emptied,
/// restored and removed. All their records are read from the wire.
private final class History {
  private let seed: UInt64
  private var generator: SeededGenerator
  private let group = makeTestGroup()
  private let home = TemporaryDirectory()
  private let tap: Tap
  private let keys = RecordKeys.ofVectors(.pskChaCha20Poly1305)
  private var log: [String] = []
  /// The numbers used so far, each as in its record.
  private var used: Set<[UInt8]> = []
  /// The number of datagrams read from the tap.
  private var place = 0
  private var backups = 0

  private static let state = "state"

  init(seed: UInt64) throws {
    self.seed = seed
    generator = SeededGenerator(seed: seed)
    tap = try Tap(group)
  }

  func play() async throws {
    // The secret was made here, or copied here. With a copied secret, the user must say that the members are new.
    let isMadeHere = generator.happens(0.7)
    if isMadeHere {
      try MarkFile(in: StateDirectory(path: "\(home.path)/\(Self.state)"), keyID: KeyID("9ab7-6d2d")).make()
    }
    note("secret \(isMadeHere ? "made here" : "copied")")
    for _ in 0..<(4 + generator.below(4)) { try await step() }
    tap.stop()
  }

  private func step() async throws {
    switch generator.below(14) {
    case 0...4: try await run([start()])
    case 5: try await run([start("--new-node")])
    case 6: try await run([start("--epoch", "\(1 + generator.below(3000))")])
    case 7: try await run([start(isEncrypting: false)])
    case 8:
      backups += 1
      shell("cp -a \(Self.state) backup\(backups)")
    case 9:
      guard backups > 0 else { return shell("rm -rf \(Self.state)") }
      let backup = "backup\(1 + generator.below(backups))"
      shell(
        generator.happens(0.5)
          ? "rm -rf \(Self.state); cp -a \(backup) \(Self.state)"
          : "mkdir -p -m 700 \(Self.state); cp -a \(backup)/*-[01] \(Self.state)/")
    case 10:
      let files = ["*-0", "*-1", "*.nodes", "*.lock", "*-0*", "*"][generator.below(6)]
      shell("rm -rf \(Self.state)/\(files)")
    case 11:
      // The state is removed while the member runs, and another process starts as the same member.
      let first = start()
      try await run([first, start(node: first.node)]) { [self] in shell("rm -rf \(Self.state)") }
    default:
      let first = start()
      shell("rm -rf clone; cp -a \(Self.state) clone")
      try await run([first, start(node: first.node, in: "clone")])
    }
  }

  private struct Start {
    let node: Int
    let arguments: [String]
  }

  private func start(
    node: Int? = nil, in state: String = state, isEncrypting: Bool = true, _ more: String...
  ) -> Start {
    let node = node ?? generator.below(2)
    return Start(
      node: node,
      arguments: ["\(node)", "-I", "lo", "-t", "0", "-g", "\(group)", "--state-dir", "\(home.path)/\(state)"]
        + ["-i", "0.01", "-c", "\(2 + generator.below(6))"] + (isEncrypting ? ["--encrypt"] : []) + more)
  }

  /// Runs members at the same time, and reads their records.
  private func run(_ starts: [Start], meanwhile body: () -> Void = {}) async throws {
    let peers = try starts.map {
      try PeerProcess($0.arguments, home: home, secret: Vectors.shared.secret)
    }
    if generator.happens(0.3) {
      try await eventually("a message or the end") { try peers[0].output.contains("Sent") || !peers[0].isRunning }
      body()
      if generator.happens(0.5) { peers[0].signal(SIGKILL) }
    }
    var said = false
    for (start, peer) in zip(starts, peers) {
      let code = try await peer.exitCode()
      let errors = try peer.errors
      // A member warns of nonces at its start, or when it hears another with its ID.
      said = said || errors.contains("nonces")
      note("\(start.arguments.dropFirst(7).joined(separator: " ")): \(code), \(errors)")
      #expect([0, 73, -SIGKILL].contains(code), "\(self.story)")
    }
    try await read(isExcused: said)
  }

  private func read(isExcused: Bool) async throws {
    // The records are in the tap's socket by now, and the tap reads them a moment later.
    var count = -1
    while count != tap.count {
      count = tap.count
      try await Task.sleep(for: .milliseconds(20))
    }
    let (new, keys) = (Array(tap.datagrams[place...]), keys)
    place += new.count
    let numbers = new.filter { IndependentRecord(opening: $0, with: keys) != nil }.map { Array($0[3..<11]) }
    note("  sent \(numbers.map { "\(Int($0[0]) << 8 | Int($0[1]))/\($0[2])/\($0[7])" })")
    for number in numbers where !used.insert(number).inserted {
      #expect(isExcused, "epoch \(number[0..<2]), member \(number[2]) twice in\n\(self.story)")
    }
  }

  private func shell(_ line: String) {
    note(line)
    _ = system("cd '\(home.path)' && { \(line); } 2>/dev/null")
  }

  private func note(_ line: String) { log.append(line) }

  private var story: String { "history \(seed):\n" + log.joined(separator: "\n") }
}
