import Foundation
import TestSupport
import Testing

/// Related commands of the documentation, run by a test on its own simulated machine. Each command starts when the one
/// before is ready or has ended.
struct Scene: Sendable, CustomTestStringConvertible {
  /// A command of a page, or one that the test adds.
  struct Command: Sendable {
    let text: String
    /// Texts that its standard output must contain.
    var shows: [String] = []
    /// Texts that its standard output must not contain.
    var hides: [String] = []
    /// Texts that its standard error must contain.
    var says: [String] = []
    /// True if it ends by itself, with exit code 0.
    var ends = false
    /// A regular expression that all earlier peers must print on standard error before the next command.
    var leadsTo: String?
    /// True if it is an addition of the test, and not from a page.
    var isOurs = false

    static func ours(_ text: String, shows: [String] = [], hides: [String] = [], ends: Bool = false) -> Command {
      Command(text: text, shows: shows, hides: hides, ends: ends, isOurs: true)
    }
  }

  let testDescription: String
  /// True if the machine has two networks to another machine, besides loopback.
  var hasNetworks = false
  /// The secret in the environment; nil if it comes from files.
  var secret: String? = "the secret of the pages"
  /// Commands that prepare the network, by ip(8) and nft(8).
  var network: [String] = []
  let commands: [Command]
  /// Commands on the other machine.
  var others: [Command] = []
  /// The expected contents of files at the end.
  var files: [String: [UInt8]] = [:]
  /// Replacements for values that differ at each run.
  var values: [String: String] = [:]
  /// True if it needs root.
  var needsRoot = false

  /// The secret in the user's own key ring.
  static let ownSecret = "correct horse battery staple"
  static let picture = (0..<1000).map { UInt8(truncatingIfNeeded: $0) }

  /// Runs it.
  func run() async throws {
    let (here, there, home) = (try Namespace(), try Namespace(), TemporaryDirectory())
    if hasNetworks { try connect(here, there) }
    for line in network { try here.run(line) }
    try furnish(home, here)

    var started: [(command: Command, process: PeerProcess)] = []
    defer {
      // Each process leads a process group with the rest of its pipeline.
      for (_, process) in started { kill(-process.identifier, SIGKILL) }
    }
    for (namespace, commands) in [(here, commands), (there, others)] {
      for command in commands {
        let process = try start(command, in: namespace, home)
        started.append((command, process))
        if command.ends {
          let (code, errors) = (try await process.exitCode(), try process.errors)
          #expect(code == 0, "\(command.text): \(errors)")
        } else {
          // The last line at the start of a peer, or of `watch`.
          try await eventually("the start of '\(command.text)'") {
            let errors = try process.errors
            return errors.contains(", peers ") || errors.contains(", roster ") || errors.contains("listening only")
          }
        }
        if let pattern = command.leadsTo {
          for (_, peer) in started where peer.isRunning {
            try await eventually("'\(pattern)'") { try peer.errors.contains(Regex(pattern)) }
          }
        }
      }
    }
    for (command, process) in started {
      for text in command.shows {
        try await eventually("'\(text)' of '\(command.text)'") { try process.output.contains(text) }
      }
      for text in command.says { try await process.waitForError(text) }
    }
    for (name, bytes) in files {
      try await eventually("file \(name)") {
        try Data(contentsOf: URL(filePath: "\(home.path)/\(name)")) == Data(bytes)
      }
    }
    for (command, process) in started {
      for text in command.hides { #expect(try !process.output.contains(text), "\(command.text)") }
    }
  }

  private func connect(_ here: Namespace, _ there: Namespace) throws {
    try here.connect("eth0", "192.0.2.1/24", to: there, "192.0.2.7/24")
    try here.connect("eth1", "198.51.100.1/24", to: there, "198.51.100.7/24")
    for (host, namespace) in [(1, here), (2, there)] {
      try namespace.run("ip route add default dev eth0")
      for (number, name) in ["eth0", "eth1"].enumerated() {
        try namespace.run("ip addr add \(Family.ipv6.own(11 + number, host)) dev \(name)")
      }
    }
  }

  /// Makes the files that the pages assume.
  private func furnish(_ home: TemporaryDirectory, _ here: Namespace) throws {
    try FileManager.default.createSymbolicLink(
      atPath: "\(home.path)/mcast-peer", withDestinationPath: PeerProcess.executable)
    for folder in ["scripts", "docs"] {
      try FileManager.default.createSymbolicLink(
        atPath: "\(home.path)/\(folder)", withDestinationPath: Project.root.appending(path: folder).path)
    }
    home.write("#!/bin/sh\necho 21.5 C\necho 21.6 C\n", to: "sensor", mode: 0o700)
    home.write("#!/bin/sh\nexec \"$@\"\n", to: "sudo", mode: 0o700)
    // pkill, restricted to the peers in this network namespace.
    home.write(
      "#!/bin/sh\nPATH=/usr/bin:/bin exec pkill --nslist net --ns $$ \"$@\"\n", to: "pkill", mode: 0o700)
    try Data(Self.picture).write(to: URL(filePath: "\(home.path)/picture"))
  }

  private func start(_ command: Command, in namespace: Namespace, _ home: TemporaryDirectory) throws -> PeerProcess {
    let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
    let text = values.reduce(command.text) { $0.replacing($1.key, with: $1.value) }
    return try PeerProcess(
      [], home: home, secret: secret, namespace: namespace,
      environment: ["PATH": "\(home.path):\(path):/usr/sbin:/sbin"], shell: "cd \(home.path)\n\(text)")
  }
}
