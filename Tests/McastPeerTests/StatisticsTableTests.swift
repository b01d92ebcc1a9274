import Testing

@testable import MulticastDTLS
@testable import mcast_peer

@Suite("The text of the statistics table")
struct StatisticsTableTests {
  @Test("the table has a line for each member that was heard, and the totals below")
  func table() throws {
    var statistics = Statistics()
    let source = Endpoint(GroupAddress.standard.address, port: 1)
    func count(_ member: MemberID, _ times: Int, lost: Int64 = 0, isLate: Bool = false) {
      for _ in 0..<times {
        let record = ReceivedRecord(
          count: 0, keyID: KeyID([0x9A, 0xB7, 0x6D, member.rawValue]), lost: lost, isLate: isLate)
        let origin = Message.Origin(sender: member, epoch: .first, sequence: 0, source: source)
        statistics.count(ReceivedRun(record, origin, isDelivered: true), now: .now)
      }
    }
    count(1, 12_345)
    count(1, 1, lost: 7)
    count(1, 2, lost: -1, isLate: true)
    count(10, 1)
    for _ in 0..<3 { statistics.count(.foreign, of: nil) }
    statistics.count(.forged, of: 1)
    (statistics.droppedByKernel, statistics.batchesDroppedByKernel) = (95_603, 756)

    #expect(
      StatisticsTable(statistics, of: Members(roster: Roster(MemberSet([0, 1, 2, 3, 10])), origin: .option), at: 0).text
        == """
        member     key ID  received  lost  reordered  replayed  forged  stale epoch  overrun
             1  9ab7-6d01     12348     5          2         0       1            0        0
            10  9ab7-6d0a         1     0          0         0       0            0        0
        nothing from: members 2-3
        refused, of all: foreign 3, malformed 0, own 0, own ID used by others 0, unknown member 0, stale epoch 0, \
        replayed 0, other cipher suite 0, forged 1, unsigned 0, no key 0, not by its sender 0, not verified 0, overrun 0
        dropped by the kernel: about 95603 datagrams, in 756 batches
        """)
    (statistics.droppedByKernel, statistics.batchesDroppedByKernel) = (1, 1)
    #expect(StatisticsTable.dropped(statistics) == "about 1 datagram, in 1 batch")
    #expect(StatisticsTable.dropped(Statistics()) == "0")
  }
}

extension RecordHeader {
  fileprivate init?(_ bytes: [UInt8]) {
    self.init(bytes.span)
  }
}
