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
      let isPart = run.extend(by: try arrival(sequence, lost: lost, isLate: isLate), isDelivered: isDelivered)
      #expect(isPart)
    }
    #expect(run.count == 4 && run.delivered == 3 && run.lost == 1 && run.late == 1 && run.highest == 9)
    #expect(run.first.isRestart)
    var traffic = Traffic()
    traffic.count(run, now: .now)
    let member = try #require(traffic.members[1])
    #expect(member.received == 3 && member.lost == 1 && member.reordered == 1 && member.refused == [.overrun: 1])
    #expect(traffic.refused == [.overrun: 1])
  }

  @Test("another sender, epoch, address or key begins a run of its own, and so does what is to be told")
  func others() throws {
    let all = try [
      arrival(6, sender: 2), arrival(6, epoch: 2), arrival(6, from: endpoint(2)), arrival(6, from: endpoint(port: 2)),
      arrival(6, key: 2), arrival(6, isRestart: true), arrival(6, isKeyChange: true), arrival(6, isStraggler: true),
    ]
    for other in all {
      var run = ArrivalRun(try arrival(5), isDelivered: true)
      let isPart = run.extend(by: other, isDelivered: true)
      #expect(!isPart, "\(other)")
      #expect(run.count == 1 && run.highest == 5)
    }
  }

  @Test("in a batch, who speaks often is not taken for silent, and a run ends a silence as a message does")
  func watched() throws {
    let start = Moment.now
    var observer = Observer(start: start, followed: MemberSet(1...1))
    for second in 0..<20 as Range<UInt64> {
      var run = ArrivalRun(try arrival(second * 64), isDelivered: true)
      for sequence in (second * 64 + 1)..<((second + 1) * 64) {
        _ = run.extend(by: try arrival(sequence), isDelivered: true)
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
