import Foundation
import TestSupport
import Testing

@testable import MulticastDTLS

/// The file was made by other programs, with Python's hashlib and cryptography.
@Suite("The vectors of signatures")
struct SigningVectorTests {
  private static let seed = (0..<32).map { UInt8($0) }
  private static let salt = (0..<8).map { UInt8($0) }
  private static let vectors = SigningVectors.shared

  private let context: GroupContext
  private let identity: Identity
  private let signer = IndependentSigner(seed: seed, secret: Vectors.shared.secret, .wdmNullSHA256)

  init() throws {
    context = try makeKey().signingContext
    identity = try makeIdentity(Self.seed)
  }

  @Test("the public key, its tag, its fingerprint and the group's context are those of the vectors")
  func keys() throws {
    #expect(identity.publicKey.bytes == Self.vectors.publicKey)
    #expect(identity.publicKey.tag == Self.vectors.tag)
    #expect("\(identity.publicKey.fingerprint)" == Self.vectors.fingerprint)
    #expect(context.hash.bytes == Self.vectors.context)
    #expect(signer.publicKey == Self.vectors.publicKey && signer.tag == Self.vectors.tag)
    #expect(signer.context == Self.vectors.context)
  }

  @Test("both signers make the payloads of the vectors, for one message and for three", arguments: vectors.trees)
  func reproduced(_ tree: SigningVectors.Tree) throws {
    let records = (0..<tree.payloads.count).map { index in
      IndependentRecord(member: 0, sequence: UInt64(index), text: "Hello from node 0, message #\(index + 1)")
    }
    #expect(payloads(records.map(\.payload), first: 0) == tree.payloads)
    let independent = signer.sign(records, salt: Self.salt)
    #expect(independent.records.map(\.payload) == tree.payloads)
    #expect(
      independent.root == tree.root && independent.signed == tree.signed && independent.signature == tree.signature)
  }

  @Test("a receiver delivers the messages of the vectors, and none under another number", arguments: vectors.trees)
  func verified(_ tree: SigningVectors.Tree) throws {
    for (index, payload) in tree.payloads.enumerated() {
      func open(_ number: UInt64) throws -> Result<ReceivedRecord, Rejection> {
        try makeSignedReceiver([0: identity.publicKey]).open(
          IndependentRecord(member: 0, sequence: number, payload: payload).sealed(.ofVectors(.wdmNullSHA256)))
      }
      #expect(try open(UInt64(index)).get().count == "Hello from node 0, message #1".utf8.count)
      #expect(try reason(open(UInt64(index + 1))) == .notBySender)
    }
  }

  /// The payloads that the library's signer makes.
  private func payloads(_ messages: [[UInt8]], first: UInt64) -> [[UInt8]] {
    var signer = BatchSigner()
    signer.begin(salt: Self.salt.withUnsafeBytes { $0.loadUnaligned(as: UInt64.self) })
    for (index, message) in messages.enumerated() {
      let number = RecordHeader.number(epoch: .first, member: 0, sequence: first + UInt64(index)).bigEndian
      message.withUnsafeBytes { signer.add($0, number) }
    }
    do { try signer.finish(identity, context) } catch { return [] }
    return messages.enumerated().map { index, message in
      message.withUnsafeBytes { Array(signer.payload($0, index)) }
    }
  }
}
