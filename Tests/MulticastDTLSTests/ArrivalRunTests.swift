import TestSupport
import Testing

@testable import MulticastDTLS

@Suite("Messages that are counted as one run")
struct ArrivalRunTests {
  private func arrival(
    _ sequence: UInt64, sender: MemberID = 1, epoch: UInt16 = 1, from source: Endpoint = endpoint(), key: UInt8 = 1,
    lost: Int64 = 0, isLate: Bool = false, isRestart: Bool = false, isKeyChange: Bool = false, isStraggler: Bool = false
  ) throws -> Arrival {
    Arrival(
      origin: Message.Origin(sender: sender, epoch: try Epoch(epoch), sequence: sequence, source: source), count: 0,
      keyID: KeyID([key, 0, 0, 0]), lost: lost, isLate: isLate, isRestart: isRestart, isKeyChange: isKeyChange,
      isStraggler: isStraggler)
  }

  @Test("a run says what its messages would have said one by one")
  func sums() throws {
    var run = ArrivalRun(try arrival(5, isRestart: true), isDelivered: true)
    let others = [(8, 2, false, true), (7, -1, true, false), (9, 0, false, true)] as [(UInt64, Int64, Bool, Bool)]
    for (sequence, lost, isLate, isDelivered) in others {
      run.add(.init(count: 0, lost: lost, isLate: isLate), sequence: sequence, isDelivered: isDelivered)
    }
    #expect(run.count == 4 && run.delivered == 3 && run.lost == 1 && run.late == 1 && run.highest == 9)
    #expect(run.first.isRestart)
    var statistics = Statistics()
    statistics.count(run, now: .now)
    let member = try #require(statistics.members[1])
    #expect(member.received == 3 && member.lost == 1 && member.reordered == 1 && member.refused == [.overrun: 1])
    #expect(statistics.refused == [.overrun: 1])
  }

  @Test("another sender, epoch or address begins a run of its own, and so does what comes after a straggler")
  func others() throws {
    let run = ArrivalRun(try arrival(5), isDelivered: true)
    func header(member: UInt8 = 1, epoch: UInt16 = 1) throws -> RecordHeader {
      let record = IndependentRecord(member: member, sequence: 6, epoch: epoch, text: "6").sealed(
        .ofVectors(.wdmNullSHA256))
      let header = RecordHeader(record.span)
      return try #require(header)
    }
    #expect(run.includes(try header(), from: endpoint()))
    #expect(!run.includes(try header(member: 2), from: endpoint()))
    #expect(!run.includes(try header(epoch: 2), from: endpoint()))
    #expect(!run.includes(try header(), from: endpoint(2)))
    #expect(!run.includes(try header(), from: endpoint(port: 2)))
    #expect(!ArrivalRun(try arrival(5, isStraggler: true), isDelivered: true).includes(try header(), from: endpoint()))
  }

  @Test("in a batch, who speaks often is not taken for silent, and a run ends a silence as a message does")
  func watched() throws {
    let start = BootInstant.now
    var observer = Observer(start: start, followed: MemberSet(1...1))
    for second in 0..<20 as Range<UInt64> {
      var run = ArrivalRun(try arrival(second * 64), isDelivered: true)
      for sequence in (second * 64 + 1)..<((second + 1) * 64) {
        run.add(.init(count: 0, lost: 0, isLate: false), sequence: sequence, isDelivered: true)
      }
      #expect(observer.heard(run, now: start + .seconds(Int(second))).isEmpty)
      #expect(observer.tick(Whereabouts(), now: start + .seconds(Int(second))).isEmpty)
    }
    let silent = (20..<30).flatMap { observer.tick(Whereabouts(), now: start + .seconds($0)) }
    #expect(silent.map(\.subject.cause).contains(.silent))
    let again = observer.heard(ArrivalRun(try arrival(2000), isDelivered: true), now: start + .seconds(30))
    #expect(again == [.heardAgain(1)])
  }
}
