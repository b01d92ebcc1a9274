import TestSupport
import Testing

@testable import MulticastDTLS
@testable import mcast_peer

@Suite("The report of status")
struct StatusReportTests {
  private let key = KeyID([0x9A, 0xB7, 0x6D, 0x2D])
  private let source = Endpoint(GroupAddress.standard.address, port: 40_000)
  private let start = ContinuousClock.now

  private func count(_ member: MemberID, in statistics: inout Statistics, lost: Int64 = 0) {
    let record = ReceivedRecord(count: 0, keyID: key, lost: lost, isLate: false)
    let origin = Message.Origin(sender: member, epoch: .first, sequence: 0, source: source)
    statistics.count(ReceivedRun(record, origin, isDelivered: true), now: .now)
  }

  private func members(
    _ statistics: Statistics, _ observation: StatusSource.Observation, awaited: MemberSet = MemberSet(0...255)
  ) -> [StatusReport.Member] {
    StatusReport.Member.all(
      statistics, observation, Members(roster: Roster(awaited), origin: .option), own: 0, suite: .wdmNullSHA256)
  }

  private func makeObservation() -> StatusSource.Observation {
    StatusSource.Observation(table: MemberTable(members: everybody, own: 0))
  }

  private let everybody = Members(roster: Roster(MemberSet(0...255)), origin: .standard)

  private func report(_ members: [StatusReport.Member], peer: StatusReport.Peer? = nil) -> StatusReport {
    StatusReport(
      peer: peer, group: "239.255.0.1:12345", interfaces: ["lo", "eth0"], suite: .wdmNullSHA256, isSigned: true,
      keyIDs: [key],
      time: .milliseconds(754_321), received: 12, lost: 1, rejected: [.forged: 3, .own: 9], droppedByKernel: 5,
      batchesDroppedByKernel: 2, unusableFiles: [.roster: "line 3 of the roster\u{1B} is none"], members: members)
  }

  /// A report with a member in every state.
  private var story: StatusReport {
    var (statistics, observation) = (Statistics(), makeObservation())
    for member in [0, 1, 2, 3, 4, 5, 9] as [MemberID] { count(member, in: &statistics, lost: 1) }
    observation.update(statistics, everybody, now: start)
    observation.table.reported(.restarted(2, .first), now: start)
    statistics.fellSilent([3, 4])
    for member in [1, 4, 6] as [MemberID] { statistics.count(.forged, of: member, times: 3) }
    statistics.count(.otherSuite, of: 7)
    statistics.count(.overrun, of: 8)
    observation.update(statistics, everybody, now: start + .seconds(2))
    return report(
      members(statistics, observation, awaited: MemberSet(0...5).union(MemberSet(10...10))),
      peer: .init(member: 0, epoch: .last, sent: 40))
  }

  @Test("each state follows from the records that were accepted, and the rejected ones only explain an absence")
  func states() {
    let rows = story.members
    #expect(rows.map(\.member) == [1, 2, 3, 4, 5, 6, 7, 10])
    #expect(rows.map(\.state) == [.up, .restarted, .silent, .rejected, .up, .rejected, .rejected, .notHeard])
    #expect(rows.map(\.reason) == [nil, nil, nil, .forged, nil, .forged, .otherSuite, nil])
    #expect(rows.map(\.isAwaited) == [true, true, true, true, true, false, false, true])
    #expect(rows[0].suite == .wdmNullSHA256 && rows[5].suite == nil && rows[6].suite == .pskChaCha20Poly1305)
    #expect(rows[0].lost == 1 && rows[0].rejected == [.forged: 3] && rows[0].source == "\(source)")
  }

  @Test("rejections before a member was last heard do not explain its silence")
  func formerRejections() throws {
    var (statistics, observation) = (Statistics(), makeObservation())
    statistics.count(.forged, of: 1, times: 5)
    #expect(members(statistics, observation).map(\.state) == [.rejected])
    count(1, in: &statistics)
    observation.update(statistics, everybody, now: start)
    statistics.fellSilent([1])
    #expect(members(statistics, observation).map(\.state) == [.up])
    observation.update(statistics, everybody, now: start)
    #expect(members(statistics, observation).map(\.state) == [.silent])
    statistics.count(.forged, of: 1)
    statistics.count(.staleEpoch, of: 1, times: 2)
    #expect(members(statistics, observation).map(\.reason) == [.staleEpoch])
  }

  @Test("a report is complete if each awaited member takes part; without any, if somebody is heard and nobody rejected")
  func complete() {
    func isComplete(_ states: (StatusReport.State, Bool)...) -> Bool {
      let rows = states.map { state, isAwaited in
        StatusReport.Member(
          member: 1, name: nil, isAwaited: isAwaited, state: state, reason: nil,
          epoch: [.rejected, .notHeard].contains(state) ? nil : .first, keyID: nil, suite: nil, isSigning: false,
          age: nil,
          rate: 0,
          received: 0, lost: 0, reordered: 0, rejected: [:], source: nil)
      }
      return report(rows).isComplete
    }
    #expect(isComplete((.up, true), (.restarted, true), (.quiet, true), (.rejected, false)))
    for state in [.silent, .notHeard, .rejected] as [StatusReport.State] {
      #expect(!isComplete((.up, true), (state, true)))
    }
    #expect(isComplete((.up, false), (.silent, false)))
    #expect(isComplete((.listens, false)) && isComplete((.up, true), (.listens, false)))
    #expect(!isComplete((.listens, false), (.silent, true)))
    #expect(!isComplete((.up, false), (.rejected, false)))
    #expect(!isComplete())
  }

  @Test("a member that sends, though the roster says that it listens, is awaited once it was heard")
  func sendingListener() throws {
    var (statistics, observation) = (Statistics(), makeObservation())
    let roster = Members(roster: try Roster("0\n1 listens\n2 listens", origin: "the roster"), origin: .file("/roster"))
    func rows() -> [StatusReport.Member] {
      StatusReport.Member.all(statistics, observation, roster, own: 0, suite: .wdmNullSHA256)
    }
    observation.update(statistics, roster, now: start)
    #expect(rows().map(\.isAwaited) == [false, false] && report(rows()).isComplete)
    count(1, in: &statistics)
    statistics.fellSilent([1])
    observation.update(statistics, roster, now: start)
    #expect(rows().map(\.isAwaited) == [true, false] && !report(rows()).isComplete)
  }

  @Test("the document fits its schema, and is read as it was written")
  func document() async throws {
    let reports = [story, report([])]
    // The document has times in milliseconds.
    for report in reports { #expect(try StatusReport(json: report.json).json == report.json) }
    #expect(try StatusReport(json: reports[1].json) == reports[1])
    let lines = reports.map { String(decoding: $0.json, as: UTF8.self) + "\n" }.joined()
    #expect(try await Project.validate(lines, schema: "docs/status.schema.json") == ["document": 2])
  }

  @Test("an answer is read as it was written, and anything else is none")
  func answer() {
    let answer = StatusAnswer(story)
    #expect(StatusAnswer(bytes: answer.bytes) == answer && !answer.isComplete)
    for text in ["", "1", "1\n{}", "2\n{}\n", "\n{}\n", "1\nx\n", "{}\n1\n", "1\n{\n}"] {
      #expect(StatusAnswer(bytes: Array((text + "\n.\n").utf8)) == nil, "\(text)")
    }
    #expect(StatusAnswer(bytes: Array("1\n{}\na\n.\n".utf8))?.table == "a")
    for cut in 0..<answer.bytes.count { #expect(StatusAnswer(bytes: Array(answer.bytes.prefix(cut))) == nil, "\(cut)") }
    #expect(StatusAnswer(bytes: [0x31, 0x0A, 0x7B, 0x7D, 0x0A, 0xFF, 0x0A, 0x2E, 0x0A]) == nil)
    let hostile = StatusAnswer(bytes: Array("1\n{\u{1B}}\na\u{1B}[2J\nb\n.\n".utf8))
    #expect(hostile?.table == "a\\x1B[2J\nb" && hostile?.json == "{\\x1B}")
  }

  @Test("the text has a row for each member, and shows no control character")
  func text() {
    let story = story
    let known = story.members.map { row in
      StatusReport.Member(
        member: row.member, name: row.member == 2 ? "north\u{1B}[2J" : nil, isAwaited: row.isAwaited, state: row.state,
        reason: row.reason,
        epoch: row.epoch, keyID: row.keyID, suite: row.suite, isSigning: row.member == 5,
        age: row.epoch.map { _ in .milliseconds(1530) },
        rate: 3.34, received: row.received, lost: row.lost, reordered: 0, rejected: row.rejected, source: row.source)
    }
    #expect(
      StatusTable(report: report(Array(known[1...6]), peer: story.peer)).text == """
        239.255.0.1:12345 on lo, eth0, WDM-NULL-SHA256, signed, key ID 9ab7-6d2d
        member 0 in epoch 65535, up for 12 min: sent 40, received 12, lost 1
        2 of 6 members up

        ID  name          state                         epoch  received  lost  messages/s  last heard  \
        suite                    key ID     source
         2  north\\x1B[2J  restarted                         1         1     1         3.3       1.5 s  \
        WDM-NULL-SHA256          9ab7-6d2d  239.255.0.1:40000
         3                silent                            1         1     1         3.3       1.5 s  \
        WDM-NULL-SHA256          9ab7-6d2d  239.255.0.1:40000
         4                rejected: another secret          1         1     1         3.3       1.5 s  \
        WDM-NULL-SHA256          9ab7-6d2d  239.255.0.1:40000
         5                up                                1         1     1         3.3       1.5 s  \
        WDM-NULL-SHA256, signed  9ab7-6d2d  239.255.0.1:40000
         6                rejected: another secret          -         0     0         3.3           -  \
        -                        -          -
         7                rejected: other cipher suite      -         0     0         3.3           -  \
        PSK-CHACHA20-POLY1305    -          -

        refused: forged 3, dropped by the kernel about 5

        the roster on disk cannot be used: line 3 of the roster\\x1B is none
        """)
    #expect(
      StatusTable(report: report([])).text.split(separator: "\n").dropFirst().prefix(2) == [
        "listened for 12 min: received 12, lost 1", "no member was heard",
      ])
  }
}
