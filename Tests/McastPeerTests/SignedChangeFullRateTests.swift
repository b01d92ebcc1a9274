import TestSupport
import Testing

@testable import MulticastDTLS

/// Runs alone: it needs the whole machine.
@Suite("A running group that begins to sign, or changes an identity, at 1,000 messages/s of each member")
struct SignedChangeFullRateTests {
  private let files = ChangingGroup(rate: 1000)

  @Test("an unsigned group becomes a signed one, and nothing is lost or doubled", arguments: CipherSuite.allCases)
  func becomesSigned(_ suite: CipherSuite) async throws { try await files.becomesSigned(suite) }

  @Test("a member changes its identity, and nothing is lost or doubled")
  func changesIdentity() async throws { try await files.changesIdentity() }
}
