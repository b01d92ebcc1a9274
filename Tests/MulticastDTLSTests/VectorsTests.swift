import TestSupport
import Testing

@testable import MulticastDTLS

/// Checks the tests' own code against records that neither this code nor wolfSSL made.
@Suite("The vectors")
struct VectorsTests {
  @Test(
    "the tests' own code opens and reproduces every record from the text of the secret",
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
