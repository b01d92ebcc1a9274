import Foundation
import TestSupport
import Testing

@testable import MulticastDTLS

@Suite("The example of a signed group")
struct SignedExampleTests {
  private let group = makeTestGroup()
  private let home = TemporaryDirectory()

  private func start(_ member: Int) throws -> PeerProcess {
    try PeerProcess(
      [], home: home,
      shell: "cd \"$HOME\" && exec '\(PeerProcess.built("orders"))' \(member) \(group) lo")
  }

  @Test("two machines take the orders of member 0, and not those that another member gives in its name")
  func orders() async throws {
    home.write("the secret of the machines\n", to: "secret")
    try MarkFile(
      in: StateDirectory(path: "\(home.path)/state"), keyID: GroupSecret(text: "the secret of the machines").keyID()
    ).make()
    var lines: [String] = []
    for member in 0..<3 {
      let first = try start(member)
      // There is no roster yet.
      #expect(try await first.exitCode() == 0)
      let output = try first.output
      #expect(output.contains("there is no roster"))
      lines.append(try #require(output.firstMatch(of: /a line for the roster: (.*)/)).output.1.description)
    }
    home.write(lines.joined(separator: "\n") + "\n", to: "roster", mode: 0o644)
    let machines = try [1, 2].map { try start($0) }
    let controller = try start(0)
    for machine in machines {
      try await eventually("orders") { try machine.output.contains("member 0 orders: order ") }
    }
    let keys = RecordKeys(secret: "the secret of the machines", .pskChaCha20Poly1305)
    let record = IndependentRecord(member: 0, epoch: 50_000, text: "the order of somebody else")
    try Wire(group).send(record.sealed(keys))
    for machine in machines {
      let count = try machine.lines.count
      try await eventually("two more orders") { try machine.lines.count >= count + 2 }
      #expect(try !machine.output.contains("somebody else"))
    }
    for process in machines + [controller] { process.signal(SIGKILL) }
  }
}
