import TestSupport
import Testing

@testable import MulticastDTLS

@Suite("Sealing from epoch to epoch")
struct OutboundTests {
  private func hold(_ epoch: Epoch, secret: String = Vectors.shared.secret) throws -> RingKey {
    let key = try makeKey(secret: secret)
    let keeper = try StateKeeper(
      directory: nil, beginning: .given(epoch), identity: .init(keyID: key.keyID, member: 0, isEncrypting: false),
      log: NoticeLog(RecordedLog().logger))
    return try RingKey(key, keeper, members: MemberSet(0...1))
  }

  private func seal(_ text: String, _ outbound: inout Outbound) throws -> [UInt8] {
    var record = [UInt8](repeating: 0, count: RecordHeader.maximumRecord)
    let size = try Array(text.utf8).withUnsafeBytes { text in
      try record.withUnsafeMutableBytes { try outbound.seal(text, into: $0) }
    }
    return Array(record[..<size])
  }

  @Test("an epoch that is used up is followed by the next, numbered from 0, without a lost message")
  func rollOver() throws {
    var outbound = try Outbound(hold(.first), recordLimit: 3)
    for number in 0..<10 as Range<UInt64> {
      let expected = IndependentRecord(
        member: 0, sequence: number % 3, epoch: UInt16(1 + number / 3), text: "message \(number)")
      #expect(try seal("message \(number)", &outbound) == expected.sealed(.ofVectors(.wdmNullSHA256)))
    }
  }

  @Test("with another key its epoch begins, and what was sent before has no part in it")
  func change() throws {
    let (first, second) = (try hold(Epoch(5)), try hold(Epoch(9), secret: "another secret of the group"))
    let keys = [
      RecordKeys.ofVectors(.wdmNullSHA256), RecordKeys(secret: "another secret of the group", .wdmNullSHA256),
    ]
    var outbound = try Outbound(first)
    func expect(_ key: Int, _ epoch: UInt16, _ sequence: UInt64) throws {
      let record = IndependentRecord(member: 0, sequence: sequence, epoch: epoch, text: "Hello")
      #expect(try seal("Hello", &outbound) == record.sealed(keys[key]))
    }
    try expect(0, 5, 0)
    try outbound.change(to: second, epoch: second.keeper.reserveEpoch())
    #expect(outbound.keyID == second.keyID)
    try expect(1, 9, 0)
    try expect(1, 9, 1)
    try outbound.change(to: first, epoch: first.keeper.reserveEpoch())
    try expect(0, 6, 0)
  }

  @Test("after the last epoch nothing is sealed any more, and the error says to change the secret")
  func end() throws {
    var outbound = try Outbound(hold(.last), recordLimit: 2)
    for _ in 0..<2 { _ = try seal("Hello", &outbound) }
    for _ in 0..<2 {
      let error = #expect(throws: StateError.self) { try seal("Hello", &outbound) }
      #expect(error?.description.contains("new secret") == true)
    }
  }
}
