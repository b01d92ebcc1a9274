import TestSupport

@testable import MulticastDTLS

/// A receiver of a signed group with the vectors' secret. As member `own`, it follows the members 0 to 3.
func makeSignedReceiver(
  _ publicKeys: [MemberID: PublicKey], suite: CipherSuite = .wdmNullSHA256, own: MemberID = 200
) throws -> TestReceiver {
  let receiver = TestReceiver([try OpeningKey(makeSignedKey(member: own, suite: suite))], sent: SentRecords(port: 9))
  receiver.verify(by: publicKeys.mapValues { MemberKeys($0) })
  return receiver
}

/// The key of the vectors' secret, under which messages are signed.
func makeSignedKey(
  member: MemberID = 0, suite: CipherSuite = .wdmNullSHA256, secret: String = Vectors.shared.secret
) throws -> GroupKey {
  try GroupKey(DTLSContext(ownMember: member, suite: suite), GroupSecret(text: secret), isSigned: true)
}

/// The reason of a rejection; nil if the record was accepted.
func reason(_ result: Result<ReceivedRecord, Rejection>) -> RejectionReason? {
  if case .failure(let rejection) = result { rejection.reason } else { nil }
}

/// The identity of a seed of 32 bytes.
func makeIdentity(_ seed: [UInt8]) throws -> Identity {
  try Identity(
    seed: SecretBytes(capacity: seed.count) { storage in
      storage.copyBytes(from: seed)
      return seed.count
    })
}
