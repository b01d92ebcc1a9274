import TestSupport
import Testing

@testable import MulticastDTLS
@testable import mcast_peer

@Suite("The screen of watch")
struct WatchScreenTests {
  private let source = Endpoint(GroupAddress.standard.address, port: 40_000)

  private func count(
    _ member: MemberID, _ times: Int, in statistics: inout Statistics, lost: Int64 = 0, epoch: Epoch = .first
  ) {
    for number in 0..<times {
      let record = ReceivedRecord(
        count: 0, keyID: KeyID([0x9A, 0xB7, 0x6D, 0x2D]), lost: number == 0 ? lost : 0, isLate: false)
      let origin = Message.Origin(sender: member, epoch: epoch, sequence: UInt64(number), source: source)
      statistics.count(ReceivedRun(record, origin, isDelivered: true), now: .now)
    }
  }

  @Test("the text fits a screen of any size, and the member's ID is always visible")
  func fits() {
    let said = [
      "09:00:00 member 1 has restarted, in epoch 2 and this is a rather long line that must be folded somewhere"
    ]
    for columns in stride(from: 1, through: 140, by: 3) {
      // For each width anew: a member that was heard long ago is not up, and all screens together can take long.
      var statistics = Statistics()
      for member in 0..<40 as Range<UInt8> { count(MemberID(rawValue: member), 3, in: &statistics) }
      for reason in RejectionReason.allCases where reason != .own { statistics.count(reason, of: nil) }
      var table = MemberTable(members: Members(roster: Roster(MemberSet(0...50)), origin: .option), own: nil)
      table.update(statistics, now: .now)
      for lines in 1...60 {
        let screen = WatchScreen(columns: columns, lines: lines, isColoured: false)
        let text = screen.text(of: table, suite: .pskChaCha20Poly1305, heading: "a heading", log: said)
        #expect(text.count <= lines && text.allSatisfy { $0.count <= columns }, "\(columns) x \(lines)")
        // The heading, the count and the titles come first. If there is no room for all, those not heard are before the rest.
        guard lines > 25, columns >= 6 else { continue }
        let first = text.contains { $0.firstMatch(of: /^and [0-9]/) != nil } ? "40" : " 0"
        #expect(text[3].hasPrefix(first) && text[1] == "40 of 51 up".prefix(columns), "\(columns) x \(lines)")
      }
    }
  }

  @Test("a long log leaves half of the room to the members, and a low screen shows members first")
  func log() {
    var statistics = Statistics()
    for member in 0..<4 as Range<UInt8> { count(MemberID(rawValue: member), 3, in: &statistics) }
    var table = MemberTable(members: Members(roster: Roster(MemberSet(0...3)), origin: .option), own: nil)
    table.update(statistics, now: .now)
    let said = (1...20).map { "09:00:\(9 + $0) warning \($0)" }
    for lines in 7...60 {
      let text = WatchScreen(columns: 80, lines: lines, isColoured: false)
        .text(of: table, suite: .wdmNullSHA256, heading: "heading", log: said)
      let members = text.count { $0.contains("  up ") }
      #expect(members == 4 || (members > 0 && lines < 12), "\(lines): \(text)")
      #expect((text.last == "09:00:29 warning 20") == (lines >= 9), "\(lines): \(text)")
    }
  }

  @Test("rates are those of ten seconds, losses count from the start, and a restart is visible until silence")
  func figures() throws {
    var table = MemberTable(members: Members(roster: Roster(MemberSet(0...255)), origin: .standard), own: nil)
    let start = ContinuousClock.now
    var statistics = Statistics()
    table.update(statistics, now: start)
    #expect(table.rows.isEmpty)
    for second in 1...30 {
      count(7, 4, in: &statistics, lost: 1)
      if second == 5 { table.reported(.restarted(7, .first), now: start + .seconds(5)) }
      table.update(statistics, now: start + .seconds(second))
      let row = try #require(table.rows.first)
      #expect(row.rate == 4 && row.loss == 20, "\(second): \(row)")
      #expect(row.state == (second < 5 ? .up : .restarted), "\(second)")
    }
    for second in 31...45 {
      if second == 33 { statistics.fellSilent([7]) }
      table.update(statistics, now: start + .seconds(second))
      let row = try #require(table.rows.first)
      #expect(row.state == (second < 33 ? .restarted : .silent), "\(second)")
      if second >= 40 { #expect(row.rate == 0) }
    }
    count(7, 1, in: &statistics)
    table.update(statistics, now: start + .seconds(46))
    #expect(table.rows.first?.state == .up && table.rows.count == 1)
  }

  @Test("a forged record adds no row, and each reason that occurred is below")
  func drops() {
    var statistics = Statistics()
    statistics.count(.forged, of: 9)
    statistics.count(.own, of: nil)
    statistics.droppedByKernel = 2
    var table = MemberTable(members: Members(roster: Roster(MemberSet(0...255)), origin: .standard), own: nil)
    table.update(statistics, now: .now)
    let text = WatchScreen(columns: 80, lines: 24, isColoured: true)
      .text(of: table, suite: .wdmNullSHA256, heading: "heading", log: [])
    #expect(text == ["heading", "", "no member was heard yet", "", "refused: forged 1, dropped by the kernel about 2"])
  }
}
