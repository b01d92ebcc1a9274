import TestSupport
import Testing

@testable import MulticastDTLS

/// What tests compare the library with is itself compared with records that neither it nor wolfSSL made.
@Suite("The vectors")
struct VectorsTests {
  @Test(
    "every record is opened and reproduced by the tests' own code, from the secret's text",
    arguments: CipherSuite.allCases)
  func reproduced(suite: CipherSuite) throws {
    let derived = IndependentKeys(secret: Vectors.shared.secret)
    #expect(derived.preMasterSecret == Vectors.shared.preMasterSecret)
    let records = Vectors.shared[suite].records
    #expect(records.count == 5)
    for record in records {
      let again = IndependentRecord(
        member: record.member.rawValue, sequence: record.sequence, epoch: record.epoch.rawValue, payload: record.payload
      )
      #expect(again.sealed(derived[suite]) == record.datagram)
      let opened = try #require(IndependentRecord(opening: record.datagram, with: derived[suite]))
      #expect(opened.payload == record.payload && opened.sequence == record.sequence)
    }
  }
}
