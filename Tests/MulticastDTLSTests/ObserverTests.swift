import TestSupport
import Testing

@testable import MulticastDTLS

@Suite("What is said without being asked")
struct ObserverTests {
  private let start = ContinuousClock.now

  private func message(
    _ member: MemberID, _ sequence: UInt64, epoch: Epoch = .first, from source: Endpoint = endpoint(),
    isRestart: Bool = false, isStraggler: Bool = false
  ) -> Arrival {
    Arrival(
      message: Message(sender: member, epoch: epoch, sequence: sequence, source: source, payload: []), lost: 0,
      isLate: false, isRestart: isRestart, isStraggler: isStraggler)
  }

  private func refused(
    _ reason: Refusal, _ member: UInt8, from source: Endpoint = endpoint(), laterEpoch: Epoch? = nil,
    isForgotten: Bool = false
  ) -> Refused {
    let header = RecordHeader(IndependentRecord(member: member, text: "").sealed(.ofVectors(.wdmNullSHA256)).span)
    return Refused(reason, header, source, laterEpoch: laterEpoch, isForgotten: isForgotten)
  }

  /// The notices of ticks, one a second, from one second to another.
  private func ticks(_ observer: inout Observer, _ seconds: ClosedRange<Int>) -> [Notice] {
    seconds.flatMap { observer.tick(now: start + .seconds($0)) }
  }

  @Test("that nothing is heard is said after ten seconds, once, and again only when something was heard in between")
  func nothingHeard() {
    var observer = Observer(start: start)
    #expect(ticks(&observer, 1...9) == [])
    #expect(ticks(&observer, 10...100) == [.nothingHeard(.seconds(10))])
    #expect(observer.heard(message(1, 0), now: start + .seconds(100)) == [])
    #expect(ticks(&observer, 101...109) == [])
    #expect(ticks(&observer, 110...300) == [.nothingHeard(.seconds(10))])
  }

  @Test("a group that speaks once a minute is not called quiet after ten seconds")
  func slowGroup() {
    var observer = Observer(start: start)
    for number in 0..<5 { _ = observer.heard(message(1, UInt64(number)), now: start + .seconds(number * 60)) }
    #expect(ticks(&observer, 241...359) == [])
    #expect(ticks(&observer, 360...600) == [.nothingHeard(.seconds(120)), .silent(1, .seconds(300))])
  }

  @Test(
    "a peer that misses five of its intervals is called silent, once, and said to be back",
    arguments: [(100, 1), (200, 1), (1000, 5), (3000, 15)])
  func silent(milliseconds: Int, seconds: Int) {
    var observer = Observer(start: start - .milliseconds(milliseconds * 20))
    for number in 0...20 {
      _ = observer.heard(message(1, UInt64(number)), now: start - .milliseconds(milliseconds * (20 - number)))
    }
    // Others still speak.
    var notices: [Notice] = []
    for second in 1...60 {
      _ = observer.heard(message(2, UInt64(second)), now: start + .seconds(second))
      notices += observer.tick(now: start + .seconds(second))
    }
    #expect(notices == [.silent(1, .seconds(seconds))])
    #expect(observer.heard(message(1, 21), now: start + .seconds(61)) == [.heardAgain(1)])
  }

  @Test("what was lost does not make an interval longer, and a burst does not make it shorter")
  func intervals() {
    var watch = MemberWatch()
    for (second, sequence) in [(0, 0), (1, 1), (5, 5), (6, 6)] as [(Int, UInt64)] {
      _ = watch.heard(.first, sequence, now: start + .seconds(second))
    }
    #expect(watch.interval == .seconds(1))
    for sequence in 7...10 as ClosedRange<UInt64> { _ = watch.heard(.first, sequence, now: start + .seconds(7)) }
    #expect(watch.interval == .seconds(1))
    // Late ones and another epoch say nothing of it.
    _ = watch.heard(.first, 9, now: start + .seconds(50))
    _ = watch.heard(.last, 0, now: start + .seconds(100))
    #expect(watch.interval == .seconds(1))
  }

  @Test("a restart is told with its epoch")
  func restarted() {
    var observer = Observer(start: start)
    #expect(observer.heard(message(1, 5), now: start) == [])
    #expect(observer.heard(message(1, 0, epoch: .last, isRestart: true), now: start) == [.restarted(1, .last)])
  }

  @Test("each refusal that a person can do something about is told with the address, and no other")
  func refusals() throws {
    var observer = Observer(start: start)
    let (source, later) = (endpoint(7), try Epoch(5))
    func notices(_ refused: Refused) -> [Notice] { observer.refused(refused, now: start) }
    #expect(notices(refused(.forged, 1, from: source)) == [.forged(1, source)])
    #expect(notices(refused(.unknownMember, 9, from: source)) == [.unknownMember(9, source)])
    #expect(
      notices(refused(.staleEpoch, 1, from: source, laterEpoch: later))
        == [.staleEpoch(1, .first, later: later, source)])
    #expect(notices(refused(.duplicateID, 0, from: source)) == [.ownIDUsed(source)])
    #expect(notices(refused(.duplicateID, 0, from: source, isForgotten: true)) == [.ownIDRepeated(source)])
    for reason in [Refusal.foreign, .malformed, .own, .overrun, .replayed] {
      #expect(notices(refused(reason, 1, from: source)) == [])
    }
  }

  @Test("two addresses that alternate as one node are told, also if one of them is refused; a move is not")
  func alternating() {
    let (here, there) = (endpoint(1), endpoint(2))
    var observer = Observer(start: start)
    #expect(observer.heard(message(1, 0, from: here), now: start) == [])
    #expect(observer.heard(message(1, 1, from: there), now: start) == [])
    #expect(observer.heard(message(1, 2, from: there), now: start) == [])
    #expect(observer.heard(message(2, 0, from: here), now: start) == [])
    // A straggler is no return.
    #expect(observer.heard(message(1, 3, from: here, isStraggler: true), now: start) == [])
    #expect(observer.refused(refused(.replayed, 1, from: here), now: start) == [])
    #expect(observer.heard(message(1, 4, from: there), now: start) == [])
    let notices = observer.refused(refused(.staleEpoch, 1, from: here, laterEpoch: .last), now: start)
    #expect(notices.contains(.alternating(1, there, here)) && notices.count == 2)
  }

  @Test("what does not authenticate never counts as an address of its node")
  func forgedAddress() {
    var observer = Observer(start: start)
    for sequence in 0..<20 as Range<UInt64> {
      #expect(observer.heard(message(1, sequence, from: endpoint(1)), now: start) == [])
      let notices = observer.refused(refused(.forged, 1, from: endpoint(2)), now: start)
      #expect(!notices.contains { if case .alternating = $0 { true } else { false } })
    }
  }

  @Test("a cause and a peer have one notice in ten seconds, and a cause has eight, however long and strong the flood")
  func limit() {
    var observer = Observer(start: start)
    var notices = 0
    for millisecond in 0..<60_000 {
      notices += observer.refused(refused(.forged, 1), now: start + .milliseconds(millisecond)).count
    }
    #expect(notices == 6)
    notices = 0
    for millisecond in 60_000..<120_000 {
      let member = UInt8(millisecond % 256)
      notices += observer.refused(refused(.forged, member), now: start + .milliseconds(millisecond)).count
    }
    #expect(notices <= 8 * 7)
    // Another cause is not kept from being told by that.
    #expect(observer.refused(refused(.unknownMember, 9), now: start + .milliseconds(120_000)).count == 1)
  }

  @Test("that an ID is used twice is told once for good")
  func once() {
    var observer = Observer(start: start)
    let notices = (0..<1000).flatMap { observer.refused(refused(.duplicateID, 0), now: start + .seconds($0)) }
    #expect(notices == [.ownIDUsed(endpoint())])
  }

  @Test("every notice is one line that names what it is about and what to do")
  func texts() throws {
    let here = Notice.Surroundings(
      member: 0, peers: MemberSet(0...2), keyID: KeyID([0x9A, 0xB7, 0x6D, 0x2D]), group: .standard, interface: "lo")
    let (one, other) = (endpoint(1), endpoint(2))
    for (notice, words) in [
      (.nothingHeard(.seconds(10)), ["10 s", "1-2", "9ab7-6d2d", "239.255.0.1:12345", "lo", "TTL"]),
      (.forged(1, one), ["192.0.2.1:1000", "node 1", "another secret?", "ours has key ID 9ab7-6d2d"]),
      (.unknownMember(9, one), ["node 9", "192.0.2.1:1000", "--peers 0-2"]),
      (
        .staleEpoch(1, .first, later: try Epoch(5), one),
        ["node 1", "epoch 1", "epoch 5", "lost its state", "--epoch 6"]
      ),
      (.restarted(1, .last), ["node 1", "restarted", "65535"]), (.silent(1, .milliseconds(1500)), ["node 1", "1.5 s"]),
      (.heardAgain(1), ["node 1", "again"]), (.ownIDUsed(one), ["192.0.2.1:1000", "node ID 0"]),
      (.ownIDRepeated(one), ["192.0.2.1:1000", "node ID 0"]),
      (.alternating(1, one, other), ["192.0.2.1:1000", "192.0.2.2:1000", "node 1"]),
    ] as [(Notice, [String])] {
      let text = notice.text(here)
      for word in words { #expect(text.contains(word), "\(text)") }
      #expect(!text.contains("\n"))
    }
  }
}
