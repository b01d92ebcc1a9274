import TestSupport
import Testing

@testable import MulticastDTLS

@Suite("Runs of received messages")
struct ReceivedRunTests {
  private func record(
    key: UInt8 = 1, lost: Int64 = 0, isLate: Bool = false, isFirstOfEpoch: Bool = false, isKeyChange: Bool = false,
    isStraggler: Bool = false
  ) -> ReceivedRecord {
    var record = ReceivedRecord(count: 0, keyID: KeyID([key, 0, 0, 0]), lost: lost, isLate: isLate)
    record.isFirstOfEpoch = isFirstOfEpoch
    record.isRestart = isFirstOfEpoch
    record.isKeyChange = isKeyChange
    record.isStraggler = isStraggler
    return record
  }

  private func origin(
    _ sequence: UInt64, epoch: Epoch = .first, from source: Endpoint = endpoint()
  ) -> Message.Origin {
    Message.Origin(sender: 1, epoch: epoch, sequence: sequence, source: source)
  }

  @Test("a run has the same figures as its single records")
  func sums() throws {
    var run = ReceivedRun(record(isFirstOfEpoch: true), origin(5), isDelivered: true)
    let others = [(8, 2, false, true), (7, -1, true, false), (9, 0, false, true)] as [(UInt64, Int64, Bool, Bool)]
    for (sequence, lost, isLate, isDelivered) in others {
      run.add(record(lost: lost, isLate: isLate), origin(sequence), isDelivered: isDelivered)
    }
    #expect(run.count == 4 && run.delivered == 3 && run.lost == 1 && run.late == 1 && run.highest == 9)
    #expect(run.first.isRestart)
    var statistics = Statistics()
    statistics.count(run, now: .now)
    let member = try #require(statistics.members[1])
    #expect(member.received == 3 && member.lost == 1 && member.reordered == 1 && member.rejected == [.overrun: 1])
    #expect(statistics.rejected == [.overrun: 1])
  }

  @Test("another epoch, key or address begins a new run, and so do a straggler and the record after it")
  func others() throws {
    let run = ReceivedRun(record(), origin(5), isDelivered: true)
    #expect(run.continues(with: record(), origin(6)))
    #expect(run.continues(with: record(lost: 1, isLate: true), origin(6)))
    #expect(!run.continues(with: record(), origin(6, epoch: try Epoch(2))))
    #expect(!run.continues(with: record(isFirstOfEpoch: true), origin(6)))
    #expect(!run.continues(with: record(isKeyChange: true), origin(6)))
    #expect(!run.continues(with: record(isStraggler: true), origin(6)))
    #expect(!run.continues(with: record(key: 2), origin(6)))
    #expect(!run.continues(with: record(), origin(6, from: endpoint(2))))
    #expect(!run.continues(with: record(), origin(6, from: endpoint(port: 2))))
    let straggler = ReceivedRun(record(isStraggler: true), origin(5), isDelivered: true)
    #expect(!straggler.continues(with: record(), origin(6)))
  }

  @Test("a member that sends batches is not silent, and a run ends a silence")
  func watched() throws {
    let start = BootInstant.now
    var observer = Observer(start: start, followed: MemberSet(1...1))
    for second in 0..<20 as Range<UInt64> {
      var run = ReceivedRun(record(), origin(second * 64), isDelivered: true)
      for sequence in (second * 64 + 1)..<((second + 1) * 64) {
        run.add(record(), origin(sequence), isDelivered: true)
      }
      #expect(observer.heard(run, now: start + .seconds(Int(second))).isEmpty)
      #expect(observer.tick([:], now: start + .seconds(Int(second))).isEmpty)
    }
    let silent = (20..<30).flatMap { observer.tick([:], now: start + .seconds($0)) }
    #expect(silent.map(\.kind).contains(.silent))
    let again = observer.heard(ReceivedRun(record(), origin(2000), isDelivered: true), now: start + .seconds(30))
    #expect(again == [.heardAgain(1)])
  }
}
