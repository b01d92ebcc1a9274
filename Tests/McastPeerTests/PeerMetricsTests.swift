import Foundation
import TestSupport
import Testing

@testable import MulticastDTLS
@testable import mcast_peer

@Suite("The metrics of a running peer")
struct PeerMetricsTests {
  private let group = LoopbackGroup()
  private let directory = TemporaryDirectory()
  private var path: String { "\(directory.path)/peer.prom" }

  /// The file's samples, by name and labels without the constant ones.
  private func samples() throws -> [String: Double] {
    let text = try String(contentsOfFile: path, encoding: .utf8)
    var samples: [String: Double] = [:]
    for line in text.split(separator: "\n") where !line.hasPrefix("#") {
      let end = try #require(line.lastIndex(of: " "))
      let series = String(line[..<end])
      #expect(series.contains("group=\"\(group.address)\"") && series.contains("peer=\"0\""), "\(line)")
      let name = series.replacing("multicast_dtls_", with: "").replacing(/(group|peer)="[^"]*",?/, with: "")
        .replacing(",}", with: "}").replacing("{}", with: "")
      samples[name] = Double(line[end...].dropFirst())
    }
    return samples
  }

  private func check() async throws {
    if Promtool.isInstalled {
      try await Promtool.run("check metrics", input: String(contentsOfFile: path, encoding: .utf8))
    }
  }

  @Test("the file is valid at the start, in the middle and at the end, and has the true counts")
  func counts() async throws {
    let peer = try PeerProcess(
      ["0", "-I", "lo", "-t", "0", "-g", "\(group.address)", "--peers", "0-4", "-i", "3600", "--metrics-file", path],
      home: group.home, secret: Vectors.shared.secret, shell: "umask 077; exec \"$0\" \"$@\"")
    try await peer.waitForLine("Node 0: Sent: \"Hello from node 0, message #1\"")
    let start = try samples()
    try await check()
    let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
    #expect(mode == 0o644)
    #expect(start["epoch"] == 1 && start["interface_up{interface=\"lo\"}"] == 1)
    #expect(start["key_sends{key_id=\"9ab7-6d2d\"}"] == 1)
    for reason in RejectionReason.allCases { #expect(start["rejected_total{reason=\"\(reason.rawValue)\"}"] == 0) }
    for member in 1...4 {
      for name in ["received_total", "lost", "member_up", "member_last_heard_timestamp_seconds"] {
        #expect(start["\(name){member=\"\(member)\"}"] == 0, "\(name) \(member)")
      }
    }
    #expect(start["received_total{member=\"0\"}"] == nil)
    // From member 1, 7 and 8 are lost and 9 is repeated. Member 2 is forged, and member 9 is not followed.
    let socket = try FloodSocket(group.address)
    func send(_ member: UInt8, _ sequence: UInt64, isForged: Bool = false) throws {
      var record = IndependentRecord(member: member, sequence: sequence, text: "\(sequence)").sealed(group.keys)
      if isForged { record[record.count - 1] ^= 1 }
      try socket.send(record)
    }
    for sequence in [5, 6, 9, 9] as [UInt64] { try send(1, sequence) }
    for sequence in [0, 1] as [UInt64] { try send(2, sequence, isForged: true) }
    try send(9, 0)
    try socket.send(Array("GET / HTTP/1.1\r\n\r\n".utf8))
    let counted: [String: Double] = [
      "received_total{member=\"1\"}": 3, "lost{member=\"1\"}": 2, "member_up{member=\"1\"}": 1,
      "member_rejected_total{member=\"1\",reason=\"replayed\"}": 1, "received_total{member=\"2\"}": 0,
      "member_rejected_total{member=\"2\",reason=\"forged\"}": 2, "member_up{member=\"2\"}": 0,
      "rejected_total{reason=\"forged\"}": 2, "rejected_total{reason=\"replayed\"}": 1,
      "rejected_total{reason=\"unknown member\"}": 1, "rejected_total{reason=\"foreign\"}": 1,
      "sent_total": 1, "members_heard": 1, "kernel_drops_total": 0,
    ]
    // Fifteen seconds at most.
    try await eventually("the next file") { try samples()["rejected_total{reason=\"foreign\"}"] == 1 }
    var middle = try samples()
    #expect(middle.filter { counted[$0.key] != nil } == counted)
    #expect(Set(middle.keys) == Set(start.keys))
    try await check()
    try send(1, 10)
    _ = try await peer.trafficReport { $0.nodes[1]?["received"] == 4 }
    peer.signal(SIGTERM)
    #expect(try await peer.exitCode() == 0)
    let end = try samples()
    #expect(end["received_total{member=\"1\"}"] == 4)
    for name in ["recorded_timestamp_seconds", "member_last_heard_timestamp_seconds{member=\"1\"}"] {
      #expect(try abs(#require(end[name]) - Double(time(nil))) < 60, "\(name)")
    }
    middle["received_total{member=\"1\"}"] = 4
    func isConstant(_ sample: (key: String, value: Double)) -> Bool { !sample.key.contains("timestamp") }
    #expect(end.filter(isConstant) == middle.filter(isConstant))
    try await check()
    #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == ["peer.prom"])
  }

  @Test("the file of a peer has each metric of the catalog with its help, and no other")
  func names() async throws {
    let roster = directory.write("0 gateway\n1\n", to: "roster")
    let peer = try group.start(0, "-c", "1", "--metrics-file", path, "--roster", roster)
    #expect(try await peer.exitCode() == 0)
    let help = try String(contentsOfFile: path, encoding: .utf8).matches(of: /(?m)^# HELP (\w+) (.+)$/)
    let shown = Dictionary(uniqueKeysWithValues: help.map { (String($0.output.1), String($0.output.2)) })
    #expect(shown == MetricCatalog.help)
  }

  @Test("a peer whose metrics file can no longer be written logs that, goes on, and ends with success")
  func lostDirectory() async throws {
    let peer = try await group.startListener(0, "--metrics-file", path)
    try FileManager.default.removeItem(atPath: directory.path)
    peer.signal(SIGTERM)
    #expect(try await peer.exitCode() == 0)
    #expect(try peer.errors.contains("cannot write the metrics file \(path): No such file or directory"))
    #expect(try peer.lines.contains("Node 0: Goodbye!"))
  }

  @Test("the end is written also if nobody reads standard output")
  func blockedOutput() async throws {
    let (pipe, tap) = (FullPipe(), try Tap(group.address))
    let peer = try PeerProcess(
      ["0", "-I", "lo", "-t", "0", "-g", "\(group.address)", "-i", "0.01", "--metrics-file", path], home: group.home,
      secret: Vectors.shared.secret, environment: ["PIPE": pipe.path], shell: "exec \"$0\" \"$@\" 1>$PIPE")
    try await eventually("its messages") { tap.count > 2 }
    // The file of the start.
    #expect(try samples()["sent_total"] == 0)
    pipe.fill()
    peer.signal(SIGTERM)
    _ = try await peer.exitCode()
    #expect(try samples()["sent_total", default: 0] > 2)
  }
}
