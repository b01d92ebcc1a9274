import Foundation
import TestSupport
import Testing

@testable import mcast_peer

@Suite("What the README says of data, networks and settings")
struct ReadmeTests {
  /// A command of the README, or one that is run beside those.
  struct Command: Sendable {
    let text: String
    /// What its standard output comes to have, and what it never has.
    var shows: [String] = []
    var hides: [String] = []
    /// Whether it ends by itself, with exit code 0.
    var ends = false
  }

  /// Commands of the README that belong together, in the order in which they are started: each when the one before is
  /// ready, or has ended.
  struct Scene: Sendable, CustomTestStringConvertible {
    let testDescription: String
    /// Whether the machine has two networks besides loopback.
    var hasNetworks = true
    let commands: [Command]
    /// What runs at another machine at the same time.
    var others: [Command] = []
    /// What must be in files then.
    var files: [String: [UInt8]] = [:]
  }

  private static let hello = "Hello from node"
  private static let picture = (0..<1000).map { UInt8(truncatingIfNeeded: $0) }

  private static let scenes = [
    Scene(
      testDescription: "lines of a sensor, through jq and into a file", hasNetworks: false,
      commands: [
        Command(
          text:
            #"mcast-peer 1 --listen -o json | jq --unbuffered -c 'select(.event == "received") | [.member, .text]'"#,
          shows: ["[0,\"21.5 C\"]\n[0,\"21.6 C\"]\n"]),
        Command(text: "mcast-peer 2 --listen -o raw >>log"),
        Command(text: "sensor | mcast-peer 0 --stdin", shows: ["Node 0: Sent: \"21.6 C\""], ends: true),
      ], files: ["log": Array("21.5 C\n21.6 C\n".utf8)]),
    Scene(
      testDescription: "a file as one message", hasNetworks: false,
      commands: [
        Command(text: "mcast-peer 1 --listen -o raw --datagram --expect 1 >copy"),
        Command(text: "mcast-peer 0 --stdin --datagram <picture", ends: true),
      ], files: ["copy": picture]),
    Scene(
      testDescription: "a script that is told when too little comes", hasNetworks: false,
      commands: [
        Command(
          text: #"mcast-peer 1 --listen --expect 3 --deadline 10 || echo "fewer than 3 messages in 10 s""#,
          shows: ["Goodbye!\nfewer than 3 messages in 10 s\n"], ends: true)
      ]),
    Scene(
      testDescription: "the same script when enough comes", hasNetworks: false,
      commands: [
        Command(text: "mcast-peer 0 -i 0.2"),
        Command(
          text: #"mcast-peer 1 --listen --expect 3 --deadline 10 || echo "fewer than 3 messages in 10 s""#,
          shows: ["Goodbye!\n"], hides: ["fewer"], ends: true),
      ]),
    Scene(
      testDescription: "IPv6, by the kernel's route",
      commands: [Command(text: "mcast-peer 0 -g '[ff15::1]:12345'", shows: ["from peer 1: \"\(hello)"])],
      others: [Command(text: "mcast-peer 1 -g ff15::1 -I eth0 -i 0.2", shows: ["from peer 0: \"\(hello)"])]),
    Scene(
      testDescription: "a group of a link's own",
      commands: [Command(text: "mcast-peer 0 -g '[ff02::1234%eth0]:12345'", shows: ["from peer 1: \"\(hello)"])],
      others: [Command(text: "mcast-peer 1 -g ff02::1234%eth0 -i 0.2", shows: ["from peer 0: \"\(hello)"])]),
    Scene(
      testDescription: "two networks",
      commands: [
        Command(text: "mcast-peer 0 -I eth0 -I eth1", shows: ["from peer 1: \"\(hello)", "from peer 2: \"\(hello)"])
      ],
      others: [
        Command(text: "mcast-peer 1 -I eth0 -i 0.2", shows: ["from peer 0: \"\(hello)"], hides: ["from peer 2"]),
        Command(text: "mcast-peer 2 -I eth1 -i 0.2", hides: ["Received"]),
      ]),
    Scene(
      testDescription: "two sources (that others are not heard, the rig shows)",
      commands: [
        Command(
          text: "mcast-peer 0 -g 232.1.1.1 --source 192.0.2.7 --source 192.0.2.8", shows: ["from peer 1: \"\(hello)"])
      ],
      others: [Command(text: "mcast-peer 1 -g 232.1.1.1 -I eth0 -i 0.2", shows: ["from peer 0: \"\(hello)"])]),
    Scene(
      testDescription: "the route that loopback needs", hasNetworks: false,
      commands: [
        Command(text: "sudo ip -6 route add local ff00::/8 dev lo table local", ends: true),
        Command(text: "mcast-peer 1 -g ff15::1 -i 0.2", shows: ["from peer 0: \"\(hello)"]),
        Command(text: "mcast-peer 0 -g '[ff15::1]:12345'", shows: ["from peer 1: \"\(hello)"]),
      ]),
    Scene(
      testDescription: "settings from the environment",
      commands: [
        Command(
          text: """
            export MCAST_PEER_GROUP='[ff15::1]:12345' MCAST_PEER_INTERFACE=eth0 MCAST_PEER_ENCRYPT=1
            mcast-peer 0
            """, shows: ["from peer 1: \"\(hello)"])
      ],
      others: [Command(text: "mcast-peer 1 --encrypt -g ff15::1 -I eth0 -i 0.2", shows: ["from peer 0: \"\(hello)"])]),
  ]

  private static func sections() throws -> Substring {
    let readme = try Project.text(of: "README.md")
    let start = try #require(readme.range(of: "## Carry your own data\n"))
    let end = try #require(readme.range(of: "\nSignals: "))
    return readme[start.upperBound..<end.lowerBound]
  }

  @Test("each command there is one that is run here")
  func complete() throws {
    let lines = try Self.sections().split(separator: "\n").filter { $0.hasPrefix("    ") }.map { line in
      let command = line.firstRange(of: "  # ").map { line[..<$0.lowerBound] } ?? line
      return command.trimmingCharacters(in: .whitespaces)
    }
    let run = Self.scenes.flatMap(\.commands).flatMap { $0.text.split(separator: "\n").map(String.init) }
    #expect(lines.count == 13)
    for line in lines { #expect(run.contains(line), "\(line)") }
  }

  @Test(
    "its commands do what it says",
    .enabled(if: Namespace.isAvailable && Family.all.contains(.ipv6), "needs a namespace"),
    arguments: scenes)
  func commands(scene: Scene) async throws {
    let (here, there, files) = (try Namespace(), try Namespace(), TemporaryDirectory())
    if scene.hasNetworks {
      try here.connect("eth0", "192.0.2.1/24", to: there, "192.0.2.7/24")
      try here.connect("eth1", "198.51.100.1/24", to: there, "198.51.100.7/24")
      for namespace in [here, there] {
        try namespace.run("ip route add default dev eth0")
        for (number, name) in ["eth0", "eth1"].enumerated() {
          let host = namespace === here ? 1 : 2
          try namespace.run("ip addr add \(Family.ipv6.own(11 + number, host)) dev \(name)")
        }
      }
    }
    try FileManager.default.createSymbolicLink(
      atPath: "\(files.path)/mcast-peer", withDestinationPath: PeerProcess.executable)
    _ = files.write("#!/bin/sh\necho 21.5 C\necho 21.6 C\n", to: "sensor", mode: 0o700)
    _ = files.write("#!/bin/sh\nexec \"$@\"\n", to: "sudo", mode: 0o700)
    try Data(Self.picture).write(to: URL(filePath: "\(files.path)/picture"))

    var started: [(command: Command, process: PeerProcess)] = []
    defer {
      // Each is the leader of a group, which has the others of its pipeline.
      for (_, process) in started { kill(-process.identifier, SIGKILL) }
    }
    for (namespace, commands) in [(here, scene.commands), (there, scene.others)] {
      for command in commands {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
        let process = try PeerProcess(
          [], home: files, secret: "the secret of the readme", namespace: namespace,
          environment: ["PATH": "\(files.path):\(path):/usr/sbin:/sbin"], shell: "cd \(files.path)\n\(command.text)")
        started.append((command, process))
        if command.ends {
          #expect(try await process.exitCode() == 0)
        } else {
          try await process.waitForError("peers 0-2")
        }
      }
    }
    for (command, process) in started {
      for text in command.shows {
        try await eventually("'\(text)' of '\(command.text)'") { try process.output.contains(text) }
      }
    }
    for (name, bytes) in scene.files {
      try await eventually("file \(name)") {
        try Data(contentsOf: URL(filePath: "\(files.path)/\(name)")) == Data(bytes)
      }
    }
    for (command, process) in started {
      for text in command.hides { #expect(try !process.output.contains(text), "\(command.text)") }
    }
  }

  @Test("its table has each option of the command, with the variable that sets it")
  func table() throws {
    let rows = try Self.sections().matches(of: /(?m)^\| (.+?) \| (.*?) \|/).map {
      (option: String($0.output.1), variable: String($0.output.2))
    }
    var expected: Set<String> = []
    for (option, _) in SettingVariables.all {
      let variable = "`\(SettingVariables.variable(option))`"
      expected.insert(variable)
      let row = try #require(rows.first { $0.variable == variable }, "\(option)")
      #expect(row.option.contains(option == "node-id" ? "<node-id>" : "--\(option)"), "\(row)")
    }
    #expect(Set(rows.map(\.variable).filter { $0.contains("MCAST_PEER_") }) == expected)
  }

  @Test("the events that docs/events.md shows are valid, and its tables name all that the schema has")
  func events() async throws {
    let page = try Project.text(of: "docs/events.md")
    let block = try #require(page.firstMatch(of: /```json\n((?s:.*?))```/)).output.1
    #expect(try await Project.validate(String(block)) == ["start": 1, "received": 1, "sent": 1])
    let definitions = try #require(try Project.eventSchema["$defs"] as? [String: [String: Any]])
    for (event, definition) in definitions {
      guard let properties = definition["properties"] as? [String: [String: Any]] else { continue }
      let row = try #require(page.split(separator: "\n").first { $0.hasPrefix("| `\(event)` |") }, "\(event)")
      for (name, property) in properties {
        if !["event", "time"].contains(name) { #expect(row.contains("`\(name)`"), "\(event) \(name)") }
        for word in property["enum"] as? [String] ?? [] where name != "suite" {
          #expect(page.contains("`\(word)`"), "\(event) \(name) \(word)")
        }
      }
    }
  }
}
