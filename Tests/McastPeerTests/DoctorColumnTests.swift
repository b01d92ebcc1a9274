import Foundation
import TestSupport
import Testing

@testable import MulticastDTLS
@testable import mcast_peer

@Suite("The columns of doctor's text")
struct DoctorColumnTests {
  /// The longest name that Linux allows, and one that a shell must quote.
  private static let names = ["wlp0s20f3-guest", "a name; with it"]
  private static let groups = ["239.255.0.1:12345", "[ff15:1234:5678:9abc:def0:1234:5678:9abc]:65535"]

  private func network(_ arguments: String...) throws -> NetworkConfiguration {
    try NetworkConfiguration(
      NetworkArguments.parse(arguments), NetworkArguments.parse([]), peers: NetworkConfiguration.peersOfPeer)
  }

  /// Checks that a line is longer than 80 columns only if it is a command to run, or one word that cannot be folded.
  private func check(_ findings: [Finding], sourceLocation: SourceLocation = #_sourceLocation) {
    for line in findings.flatMap(\.lines) where line.count > 80 {
      // The columns of verdict and check.
      let isHeaded = line.contains(/^[a-z]/)
      let text = (isHeaded ? line.dropFirst(20) : line[...]).trimmingCharacters(in: .whitespaces)
      let words = text.replacing(/\$?'[^']*'/, with: "x").split(separator: " ")
      #expect(line.hasPrefix("run  ") || words.count == 1, "\(line)", sourceLocation: sourceLocation)
    }
  }

  @Test("the likely causes of silence have one cause a line, for all facts", arguments: groups)
  func causes(group: String) throws {
    let group = try GroupAddress(group)
    for name in Self.names + ["lo"] {
      for bits in 0..<32 {
        func isSet(_ bit: Int) -> Bool { bits >> bit & 1 == 1 }
        for (arrived, received, strange) in [(nil, 0, 0), (0, 0, 0), (12345, 0, 0), (3, 3, 0), (12345, 12345, 1234)] {
          let facts = LikelyCauses.Facts(
            group: group, interface: name, keyIDs: ["9ab7-6d2d", "2b16-9422", "0102-0304", "1c22-aa01"], ttl: 255,
            arrived: arrived, received: received, strange: strange, isWireless: isSet(0), isVirtual: isSet(1),
            isContainer: isSet(2), others: isSet(3) ? Self.names + ["br-1a2b3c4d5e6f"] : [], isDoubtful: isSet(4))
          let causes = LikelyCauses(facts: facts).causes
          let finding = Finding(
            verdict: .warning, check: "members", text: "nobody was heard on \(name) in 5 s", remedy: .causes(causes))
          check([finding])
          #expect(
            finding.lines.count { $0.contains(/^ {9}\d+\. [^ ]/) } == causes.count, "one line begins each cause")
        }
      }
    }
  }

  @Test("findings on interfaces, routes, limits and the kernel's settings fit, with any name", arguments: groups)
  func interfaces(group: String) throws {
    let networks = try [
      network("--group", group), network("--group", "232.1.1.1:65535", "--ttl", "0"),
      network("--group", "[ff35::1234:5678:9abc]:65535", "--ttl", "0"),
    ]
    let address = try #require(IPAddress("2001:db8:1234:5678:9abc:def0:1234:5678"))
    for network in networks {
      for (name, other) in [(Self.names[0], Self.names[1]), (Self.names[1], Self.names[0])] {
        for bits in 0..<32 {
          func isSet(_ bit: Int) -> Bool { bits >> bit & 1 == 1 }
          func status(_ name: String, master: InterfaceStatus.Master? = nil) -> InterfaceStatus {
            InterfaceStatus(
              name: name, isUp: isSet(0), hasCarrier: isSet(1), takesMulticast: isSet(2), isLoopback: false,
              isPointToPoint: false, master: master, below: isSet(3) ? other : nil,
              addresses: isSet(4) ? [address, address, address] : [])
          }
          for kind in [nil, "bridge", "vrf"] {
            let master = kind.map { InterfaceStatus.Master(name: other, kind: $0) }
            for used in [[name], [other], [name, other]] {
              let checks = InterfaceChecks(
                network: network, all: [status(name, master: master), status(other)], used: used, isFallback: isSet(3))
              check(checks.interfaces() + [checks.route()] + checks.limits())
            }
          }
        }
        for (version, filter) in [("V2", 1), ("V3", 2)] {
          for isForced in [false, true] {
            check(
              KernelSettings(name, version: version, reversePathFilter: filter, isVersionForcedForAll: isForced)
                .findings(isIPv4: true, needsSources: true, hasOtherInterfaces: true))
          }
        }
      }
    }
  }

  @Test("findings on files fit, with a long path, and a path with blanks stays whole in the advised command")
  func files() throws {
    let home = TemporaryDirectory()
    let name = String(repeating: "a long name ", count: 12)
    let directory = "\(home.path)/\(name)"
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: false)
    let open = home.write("a secret that all can read\n", to: "\(name)/open", mode: 0o644)
    let file = home.write("", to: "\(name)/file")
    for path in [open, file, "\(directory)/none", directory, "\(file)/below"] {
      let checks = try LocalChecks(network: network("-k", path, "--state-dir", path, "--encrypt"), caller: nil)
      let (findings, ring) = checks.secret()
      #expect(findings.contains { $0.verdict == .failure }, "\(path)")
      check(findings + [checks.state(of: MemberID(7), ring)])
    }
    let lines = try LocalChecks(network: network("-k", open), caller: nil).secret().findings.flatMap(\.lines)
    #expect(lines.contains { $0.contains("'\(open)'") }, "\(lines)")
    check(try LocalChecks(network: network(), caller: nil).libraries())
  }
}
