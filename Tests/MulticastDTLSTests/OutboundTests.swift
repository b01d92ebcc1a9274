import TestSupport
import Testing

@testable import MulticastDTLS

@Suite("Sealing from epoch to epoch")
struct OutboundTests {
  private func makeKeeper(_ epoch: Epoch) throws -> StateKeeper {
    try StateKeeper(
      directory: nil, epoch: epoch, keyID: KeyID([0, 0, 0, 0]), member: 0, logger: RecordedLog().logger)
  }

  private func seal(_ text: String, _ outbound: inout Outbound) throws -> [UInt8] {
    try Array(text.utf8).withUnsafeBytes { try outbound.seal($0) { Array($0) } }
  }

  @Test("an epoch that is used up is followed by the next, numbered from 0, without a lost message")
  func rollOver() throws {
    var outbound = try Outbound(makeContext(), keeper: makeKeeper(.first), recordLimit: 3)
    for number in 0..<10 as Range<UInt64> {
      let expected = IndependentRecord(
        member: 0, sequence: number % 3, epoch: UInt16(1 + number / 3), text: "message \(number)")
      #expect(try seal("message \(number)", &outbound) == expected.sealed(.ofVectors(.wdmNullSHA256)))
    }
  }

  @Test("after the last epoch nothing is sealed any more, and the error says to change the secret")
  func end() throws {
    var outbound = try Outbound(makeContext(), keeper: makeKeeper(.last), recordLimit: 2)
    for _ in 0..<2 { _ = try seal("Hello", &outbound) }
    for _ in 0..<2 {
      let error = #expect(throws: StateError.self) { try seal("Hello", &outbound) }
      #expect(error?.description.contains("new secret") == true)
    }
  }
}
