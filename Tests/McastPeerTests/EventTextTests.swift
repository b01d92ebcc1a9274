import TestSupport
import Testing

@testable import MulticastDTLS
@testable import mcast_peer

@Suite("The texts of events")
struct EventTextTests {
  private let keyID = KeyID([0x9A, 0xB7, 0x6D, 0x2D])
  private let here = EventContext(
    member: 0, members: Members(roster: Roster(MemberSet(0...2)), origin: .option),
    keyIDs: [KeyID([0x9A, 0xB7, 0x6D, 0x2D])], isEncrypted: false, group: .standard,
    interface: "lo")

  private func endpoint(_ host: UInt8) -> Endpoint {
    Endpoint(IPAddress(ipv4: 0xC000_0200 | UInt32(host)), port: 1000)
  }

  @Test("every event has a one-line text with its facts and its remedy")
  func texts() throws {
    let key = KeyID([1, 2, 3, 4])
    let sendingKeys: [MemberID: KeyID] = [1: key]
    let (one, other) = (endpoint(1), endpoint(2))
    for (event, words) in [
      (.nothingHeard(for: .seconds(10), isArriving: true), ["10 s", "1-2", "records arrive"]),
      (
        .nothingHeard(for: .seconds(10), isArriving: false),
        ["10 s", "1-2", "9ab7-6d2d", "239.255.0.1:12345", "lo", "TTL"]
      ),
      (
        .otherSecret(1, from: one, isExpected: true),
        ["192.0.2.1:1000", "member 1", "another secret,", "key ID 9ab7-6d2d", "secret id"]
      ),
      (.otherSecret(0, from: one, isExpected: false), ["192.0.2.1:1000", "member 0", "another secret,"]),
      (.repeatedNumbers(1, try Epoch(5), from: one), ["192.0.2.1:1000", "member 1", "epoch 5", "--epoch 6"]),
      (.staleEpoch(1, .first, later: .last, from: one), ["new secret"]),
      (.unknownMember(9, from: one), ["member 9", "192.0.2.1:1000", "--peers 0-2"]),
      (
        .staleEpoch(1, .first, later: try Epoch(5), from: one),
        ["member 1", "epoch 1", "epoch 5", "lost its state", "--epoch 6"]
      ),
      (.otherSuite(1, from: one), ["member 1", "sends encrypted records", "--encrypt"]),
      (.unsigned(1, from: one), ["member 1", "192.0.2.1:1000", "does not sign", "--sign", "or another member speaks"]),
      (
        .noKey(1, from: one),
        ["member 1", "192.0.2.1:1000", "no public key", "--peers 0-2", "use the roster of the other members"]
      ),
      (.notBySender(1, from: one), ["member 1", "192.0.2.1:1000", "not signed by it", "speaks in its name, or"]),
      (.notBySender(0, from: one), ["192.0.2.1:1000", "member ID 0", "does not sign with our key"]),
      (.unsigned(0, from: one), ["192.0.2.1:1000", "member ID 0", "does not sign with our key"]),
      (.noKey(0, from: one), ["192.0.2.1:1000", "member ID 0", "does not sign with our key"]),
      (
        .signed(1, from: one),
        ["member 1", "192.0.2.1:1000", "seems to sign its messages", "this peer does not (--sign)"]
      ),
      (
        .rotation(RotationProgress(sendingKeys, of: MemberSet(1...2), awaited: MemberSet(1...2), own: key)),
        ["last heard: member 1 with 0102-0304", "not heard: member 2", "this peer sends with 0102-0304"]
      ),
      (.keyChange(1, to: key), ["member 1 now sends with key ID 0102-0304"]),
      (
        .keyRemoved(key, lastUsedBy: MemberSet([1, 2])),
        [
          "0102-0304", "members 1-2", "if they are to stay members, add and promote 9ab7-6d2d",
          "nothing is to be done",
        ]
      ),
      (
        .keyRemoved(key, lastUsedBy: MemberSet([1])),
        [
          "if it is to stay a member, add and promote 9ab7-6d2d there; if it was removed",
          "nothing is to be done",
        ]
      ),
      (.restarted(1, .last), ["member 1", "restarted", "65535"]),
      (.silent(1, for: .milliseconds(1500)), ["member 1", "1.5 s"]),
      (.heardAgain(1), ["member 1", "again"]),
      (.duplicateID(from: one, isRepeated: false), ["192.0.2.1:1000", "member ID 0"]),
      (.duplicateID(from: one, isRepeated: true), ["192.0.2.1:1000", "member ID 0"]),
      (.alternatingSources(1, one, and: other), ["192.0.2.1:1000", "192.0.2.2:1000", "member 1"]),
    ] as [(PeerEvent, [String])] {
      let text = event.text(here)
      for word in words { #expect(text.contains(word), "\(text)") }
      #expect(!text.contains("\n"))
    }
  }

  private func expect(_ event: PeerEvent, says words: [String]) {
    let text = event.text(here)
    for word in words { #expect(text.contains(word), "\(text)") }
    #expect(!text.contains("\n"))
  }

  @Test("the texts about jumps and overtaken members name the facts and the remedy")
  func jumpTexts() throws {
    let one = endpoint(1)
    let jump = SequenceJump(member: 1, epoch: .first, from: 14, to: 4_294_967_295)
    func overtaken(_ epoch: UInt16, _ sequence: UInt64) throws -> PeerEvent {
      .overtaken(
        Overtaking(keyID: keyID, epoch: try Epoch(epoch), sequence: sequence, ownEpoch: try Epoch(3), ownNext: 17),
        from: one)
    }
    expect(
      .epochJump(1, former: try Epoch(5), to: .last, from: one),
      says: ["member 1 jumps from epoch 5 to epoch 65535", "192.0.2.1:1000", "change the secret"])
    expect(
      .sequenceJump(jump),
      says: ["member 1 jumps from number 14 to number 4294967295 of epoch 1", "counted as lost", "change the secret"])
    expect(
      .leftBehind(jump, from: one),
      says: ["member 1 at 192.0.2.1:1000", "too old", "14 to 4294967295 of epoch 1", "restart it"])
    expect(
      try overtaken(9, 0),
      says: [
        "the others no longer hear this peer as member 0", "192.0.2.1:1000",
        "of epoch 9, and this peer sends in epoch 3",
        "--epoch 10, once", "change the secret",
      ])
    expect(
      try overtaken(65535, 0),
      says: [
        "no longer hear this peer as member 0", "of epoch 65535", "No later epoch is left", "only a new secret helps",
      ])
    expect(
      try overtaken(3, 4_294_967_295),
      says: [
        "no longer hear this peer as member 0", "number 4294967295 of epoch 3", "is at 17", "in a later epoch",
        "change the secret",
      ])
  }

  @Test("the texts about absent members and losses name the facts and the remedy")
  func lossTexts() {
    expect(
      .also(.otherSecret(1, from: endpoint(1), isExpected: true), MemberSet([2, 7])),
      says: ["as member 1 do not authenticate", "(also members 2,7, since the last line of this kind)"])
    expect(
      .neverHeard(MemberSet([1, 2])),
      says: ["members 1-2 not heard since the start", "key ID 9ab7-6d2d", "239.255.0.1:12345"])
    expect(.neverHeard(MemberSet([2])), says: ["member 2 not heard since the start"])
    expect(.heardLate(2, after: .seconds(95)), says: ["member 2 is heard now, 95 s after the start"])
    expect(.overrun(3904), says: ["3904 messages were lost here", "overrun", "faster", "--rate"])
    expect(
      .kernelDrops(95_603), says: ["the kernel dropped about 95603 datagrams", "net.core.rmem_max", "--rate"])
  }

  @Test("the text of a rotation lists every member's key, and says when all have moved")
  func readiness() {
    let (old, new) = (keyID, KeyID([1, 2, 3, 4]))
    // The context may still have the keys before the rotation, which the text must not name.
    let here = EventContext(
      member: 0, members: Members(roster: Roster(MemberSet(0...4)), origin: .option), keyIDs: [KeyID([9, 9, 9, 9])],
      isEncrypted: true, group: .standard,
      interface: "lo")
    var sendingKeys: [MemberID: KeyID] = [:]
    var own: KeyID? = old
    func text(of followed: MemberSet = MemberSet(1...3)) -> String {
      PeerEvent.rotation(
        RotationProgress(sendingKeys, of: followed, awaited: followed.expected(at: 0), own: own)
      ).text(here)
    }
    #expect(text() == "nobody was heard yet; this peer sends with 9ab7-6d2d")
    sendingKeys = [1: old, 2: new]
    #expect(
      text()
        == "last heard: member 2 with 0102-0304, member 1 with 9ab7-6d2d, not heard: member 3; this peer sends with 9ab7-6d2d"
    )
    sendingKeys = [1: new, 2: new, 3: new]
    #expect(text() == "all other members were heard with key ID 0102-0304, but this peer sends with 9ab7-6d2d")
    own = new
    #expect(text() == "all other members were heard with key ID 0102-0304, and this peer sends with it, too")
    // If everyone is followed, no member is awaited.
    #expect(
      text(of: MemberSet(0...255))
        == "all members that were heard, members 1-3, send with key ID 0102-0304, and this peer sends with it, too")
    // A listener sends with no key.
    own = nil
    #expect(text() == "all other members were heard with key ID 0102-0304")
  }
}
