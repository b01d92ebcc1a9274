// An invalid fixture stops the tests.
// swift-format-ignore-file: NeverForceUnwrap, NeverUseForceTry

import Crypto
import Foundation
import MulticastDTLS

/// Signs messages as a member of a signed group does, by swift-crypto and without any code of the library; and, for an
/// attacker, with any field changed.
package struct IndependentSigner: Sendable {
  package var seed: [UInt8]
  /// The first 16 bytes of the group's context.
  package var context: [UInt8]

  package init(seed: [UInt8], secret: String, _ suite: CipherSuite) {
    self.seed = seed
    let keys = IndependentKeys.of(secret)
    let code: [UInt8] = suite == .wdmNullSHA256 ? [0x00, 0xFE] : [0xCC, 0xAB]
    context = hash16(
      Array("mcast-peer group context 1".utf8) + [0] + code + keys.preMasterSecret + keys.clientRandom
        + keys.serverRandom)
  }

  package var publicKey: [UInt8] { Array(key.publicKey.rawRepresentation) }

  /// The public key in Base64, as in a roster.
  package var publicText: String { Data(publicKey).base64EncodedString() }

  package var tag: UInt8 { Self.fingerprint(of: publicKey)[0] }

  /// The first 16 bytes of the hash of a public key.
  package static func fingerprint(of publicKey: [UInt8]) -> [UInt8] {
    hash16(Array("mcast-peer identity 1".utf8) + [0] + publicKey)
  }

  private var key: Curve25519.Signing.PrivateKey { try! Curve25519.Signing.PrivateKey(rawRepresentation: seed) }

  /// The root of the tree over records with these payloads, and its signature.
  package struct Tree: Sendable {
    package let root: [UInt8]
    package let signed: [UInt8]
    package let signature: [UInt8]
    /// The records with trailers behind their messages.
    package let records: [IndependentRecord]
  }

  /// Signs records as one tree.
  package func sign(_ records: [IndependentRecord], salt: [UInt8]) -> Tree {
    var depth = 0
    while 1 << depth < records.count { depth += 1 }
    var levels = [
      records.map { Self.leaf($0, salt: salt) }
        + [[UInt8]](repeating: [UInt8](repeating: 0, count: 16), count: 1 << depth - records.count)
    ]
    while levels[levels.count - 1].count > 1 {
      let below = levels[levels.count - 1]
      levels.append(stride(from: 0, to: below.count, by: 2).map { hash16([1] + below[$0] + below[$0 + 1]) })
    }
    let root = levels[depth][0]
    let text = signedText(tag: tag, depth: depth, salt: salt, root: root)
    let signature = Array(try! key.signature(for: text))
    let signedRecords = records.indices.map { index in
      var record = records[index]
      let path = (0..<depth).flatMap { levels[$0][index >> $0 ^ 1] }
      record.payload += path + signature + salt + [UInt8(index), tag, 0xE0 | UInt8(depth)]
      return record
    }
    return Tree(root: root, signed: text, signature: signature, records: signedRecords)
  }

  /// Signs one record as a tree of one.
  package func sign(_ record: IndependentRecord, salt: [UInt8]? = nil) -> IndependentRecord {
    sign([record], salt: salt ?? (0..<8).map { _ in .random(in: .min ... .max) }).records[0]
  }

  package func signedText(tag: UInt8, depth: Int, salt: [UInt8], root: [UInt8]) -> [UInt8] {
    Array("mcast-peer source signature 1".utf8) + [0, 0, 0] + context + [tag, UInt8(depth)] + salt + root
  }

  private static func leaf(_ record: IndependentRecord, salt: [UInt8]) -> [UInt8] {
    hash16([0] + salt + record.epochAndSequence + record.payload)
  }

  /// The message of a signed record, verified by climbing to the root each time; nil if its signature is not right.
  package func message(of record: IndependentRecord, publicKey: [UInt8]) -> [UInt8]? {
    let payload = record.payload
    guard let last = payload.last, last & 0xF8 == 0xE0 else { return nil }
    let depth = Int(last & 7)
    let size = 75 + 16 * depth
    guard payload.count >= size else { return nil }
    let trailer = Array(payload.suffix(size))
    let signature = trailer[(16 * depth)..<(16 * depth + 64)]
    let salt = Array(trailer[(16 * depth + 64)..<(16 * depth + 72)])
    let index = Int(trailer[16 * depth + 72])
    guard index < 1 << depth, trailer[16 * depth + 73] == Self.fingerprint(of: publicKey)[0] else { return nil }
    var message = record
    message.payload = Array(payload.dropLast(size))
    var node = Self.leaf(message, salt: salt)
    for level in 0..<depth {
      let sibling = Array(trailer[(16 * level)..<(16 * level + 16)])
      node = hash16([1] + (index >> level & 1 == 0 ? node + sibling : sibling + node))
    }
    let text = signedText(tag: trailer[16 * depth + 73], depth: depth, salt: salt, root: node)
    let key = try! Curve25519.Signing.PublicKey(rawRepresentation: publicKey)
    return key.isValidSignature(signature, for: text) ? message.payload : nil
  }
}

private func hash16(_ bytes: [UInt8]) -> [UInt8] {
  Array(SHA256.hash(data: bytes).prefix(16))
}
