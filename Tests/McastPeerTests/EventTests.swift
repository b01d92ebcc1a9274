import Foundation
import TestSupport
import Testing

@testable import MulticastDTLS
@testable import mcast_peer

@Suite("Events as JSON lines")
struct EventTests {
  private let group = LoopbackGroup()

  @Test(
    "a peer writes every event of the schema, and every line is valid")
  func everyEvent() async throws {
    let (secret, other) = (Vectors.shared.secret, "another secret of the group")
    let (ring, files) = (RingFileOfMember(secret), TemporaryDirectory())
    let roster = files.write("0\n1 robot-1\n2\n", to: "roster")
    let peer = try PeerProcess(
      [
        "0", "-I", "lo", "-t", "0", "-g", "\(group.address)", "-k", ring.path, "-i", "0.2", "-o", "json", "--stats",
        "--roster", roster,
      ], home: group.home)
    try await peer.waitForEvent("sent")
    let wire = try Wire(group.address)
    var texts = ["plain", "with \"quotes\", \\, \t, \u{1B}, \u{7F}, \u{2028} and \u{1F600}", ""].map { Array($0.utf8) }
    texts.append([0x66, 0xFF, 0x00])
    for (number, payload) in texts.enumerated() {
      try wire.send(IndependentRecord(member: 1, sequence: UInt64(number), payload: payload).sealed(group.keys))
    }
    try wire.send(Array("foreign".utf8))
    var forged = IndependentRecord(member: 2, text: "forged").sealed(group.keys)
    forged[20] ^= 1
    try wire.send(forged)
    try await peer.waitForEvent("dropped", "as foreign") { $0.reason == "foreign" && $0.member == nil }
    try await peer.waitForEvent("dropped", "as forged") { $0.reason == "forged" && $0.member == 2 && $0.count == 1 }
    try wire.send(IndependentRecord(member: 1, epoch: 2, text: "again").sealed(group.keys))
    try await peer.waitForEvent("peer", "heard") { $0.cause == "heard" && $0.member == 1 }
    try await peer.waitForEvent("peer", "restarted") { $0.cause == "restarted" && $0.member == 1 }
    peer.signal(SIGUSR1)
    try await peer.waitForEvent("stats") { $0.received == 5 }
    ring.write([secret, other])
    peer.signal(SIGHUP)
    try await peer.waitForEvent("key") { $0.cause == "ring" && $0.keyIDs?.count == 2 }
    files.write("0\n1 robot-1\n2\n7 newcomer\n", to: "roster")
    peer.signal(SIGHUP)
    try await peer.waitForEvent("members") { $0.peers == "0-2,7" }
    try FileManager.default.removeItem(atPath: ring.path)
    peer.signal(SIGHUP)
    try await peer.waitForEvent("error") { $0.message?.contains("the key ring stays as it was") == true }
    peer.signal(SIGTERM)
    #expect(try await peer.exitCode() == 0)

    let counts = try await Project.validate(try peer.output)
    let definitions = try #require(try Project.eventSchema["oneOf"] as? [[String: String]])
    let all = definitions.compactMap { $0["$ref"]?.split(separator: "/").last.map(String.init) }
    #expect(all.count == 10 && Set(counts.keys) == Set(all))
    let events = try peer.events
    #expect(events.first?.event == "start" && events.last?.event == "end" && events.last?.reason == "signal")
    #expect(events.last?.received == 5 && events.last?.sent == counts["sent"])
    #expect(try peer.events("received").compactMap(\.payload) == texts + [Array("again".utf8)])
    #expect(try peer.events("received").map { $0.base64 != nil } == [false, false, false, true, false])
  }

  @Test("the validator rejects lines that do not match the schema")
  func validatorFails() async throws {
    let time = "\"time\":\"2026-01-31T23:59:59.000001Z\""
    let good = "{\"event\":\"error\",\(time),\"message\":\"x\"}\n"
    #expect(try await Project.validate(good) == ["error": 1])
    for bad in [
      "Node 0: Listening...\n", "{}\n", good.replacing("x\"", with: "x\",\"more\":1"),
      good.replacing("59.0", with: "59,0"),
      "{\"event\":\"end\",\(time),\"reason\":\"boredom\",\"received\":0,\"sent\":0}\n",
      "{\"event\":\"received\",\(time),\"interface\":\"lo\",\"source\":\"127.0.0.1:1\",\"member\":1,\"epoch\":1,"
        + "\"sequence\":0,\"length\":0}\n",
    ] {
      await #expect(throws: Timeout.self, "\(bad)") { try await Project.validate(bad) }
    }
  }

  @Test(
    "a received line matches the wire and the sender's sent line", arguments: [[String](), ["--encrypt"]])
  func matchesWire(more: [String]) async throws {
    let keys = RecordKeys.ofVectors(more.isEmpty ? .wdmNullSHA256 : .pskChaCha20Poly1305)
    let tap = try Tap(group.address)
    let start = Date.now
    let receiver = try await group.startReceiver(1, ["-o", "json"] + more)
    let sender = try group.start(
      0, ["--stdin", "-o", "json"] + more, input: "printf 'one\\ntwo\\n\\377\\376\\nA\\302\\240B\\n'; seq 500")
    #expect(try await sender.exitCode() == 0)
    // This socket's port is known here.
    let wire = try Wire(group.address)
    try wire.send(IndependentRecord(member: 2, sequence: 41, epoch: 7, text: "from here").sealed(keys))
    try await receiver.waitForEvent("received") { $0.member == 2 }
    receiver.signal(SIGINT)
    #expect(try await receiver.exitCode() == 0)
    tap.stop()

    let received = try receiver.events("received")
    let records = try tap.datagrams.map { try #require(IndependentRecord(opening: $0, with: keys)) }
    #expect(records.count == 505 && received.count == 505)
    for (line, record) in zip(received, records) {
      #expect(line.member == Int(record.member) && line.epoch == Int(record.epoch))
      #expect(line.sequence == Int(record.sequence))
      #expect(line.payload == record.payload && line.length == record.payload.count)
      #expect(line.interface == "lo")
      let time = try Date(line.time, strategy: Date.ISO8601FormatStyle(includingFractionalSeconds: true))
      #expect(time > start.addingTimeInterval(-0.001) && time < .now)
    }
    #expect(received.map(\.time) == received.map(\.time).sorted())
    // The kernel has chosen the address.
    #expect(received.last?.source?.split(separator: ":").last == "\(wire.port)")
    #expect(Set(received.dropLast().map(\.source)).count == 1)
    let sent = try sender.events("sent")
    let epoch = records.first.map { Int($0.epoch) }
    #expect(sent.map(\.sequence) == received.dropLast().map(\.sequence))
    #expect(sent.map(\.payload) == received.dropLast().map(\.payload))
    #expect(sent.allSatisfy { $0.interface == "lo" && $0.member == 0 && $0.epoch == epoch })
    _ = try await Project.validate(try receiver.output)
    _ = try await Project.validate(try sender.output)
  }

  @Test("the schema has the code's causes, reasons, suites, version and longest message")
  func words() throws {
    let definitions = try #require(try Project.eventSchema["$defs"] as? [String: [String: Any]])
    func property(_ event: String, _ name: String) throws -> [String: Any] {
      let properties = try #require(definitions[event]?["properties"] as? [String: [String: Any]])
      return try #require(properties[name])
    }
    func kinds(aboutKeys: Bool) -> [String] {
      PeerEvent.Kind.allCases.filter { $0.isAboutKeys == aboutKeys && !$0.isOnlyLogged }.map(\.rawValue)
    }
    func words(_ event: String, _ name: String) throws -> Set<String> {
      Set(try #require(try property(event, name)["enum"] as? [String]))
    }
    let reasons = Set(RejectionReason.allCases.map(\.rawValue))
    #expect(Set(definitions["reason"]?["enum"] as? [String] ?? []) == reasons)
    #expect(try words("dropped", "reason") == reasons.union(["kernel"]))
    #expect(try words("peer", "cause") == Set(kinds(aboutKeys: false) + ["heard"]))
    #expect(try words("key", "cause") == Set(kinds(aboutKeys: true) + ["ring"]))
    #expect(try words("end", "reason") == Set(StopReason.allCases.map(\.rawValue)))
    let suites: [CipherSuite] = [.wdmNullSHA256, .pskChaCha20Poly1305]
    #expect(try words("start", "suite") == Set(suites.map(\.name)))
    #expect(try property("start", "version")["const"] as? Int == JSONFormat.version)
    let longest = suites.map(\.maximumPayload).max()
    #expect(try property("received", "length")["maximum"] as? Int == longest)
  }
}
