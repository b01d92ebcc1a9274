// An invalid fixture stops the tests.
// swift-format-ignore-file: NeverForceUnwrap, NeverUseForceTry

import Crypto
import Foundation
import MulticastDTLS

/// The keys that protect a suite's records.
package enum RecordKeys: Sendable {
  case mac(key: [UInt8])
  case aead(key: [UInt8], iv: [UInt8])

  /// The keys of the vectors' secret.
  package static func ofVectors(_ suite: CipherSuite) -> RecordKeys { Vectors.shared[suite].keys }
}

/// A record sealed without wolfSSL, so that a test can send anything that a holder of the keys could send.
package struct IndependentRecord: Sendable {
  package var type: UInt8 = 23
  package var version: [UInt8] = [0xFE, 0xFD]
  package var epoch: UInt16 = 1
  package var member: UInt8
  package var sequence: UInt64 = 0
  package var payload: [UInt8]

  package init(member: UInt8, sequence: UInt64 = 0, epoch: UInt16 = 1, payload: [UInt8]) {
    self.member = member
    self.sequence = sequence
    self.epoch = epoch
    self.payload = payload
  }

  package init(member: UInt8, sequence: UInt64 = 0, epoch: UInt16 = 1, text: String) {
    self.init(member: member, sequence: sequence, epoch: epoch, payload: Array(text.utf8))
  }

  /// Bytes 3 to 10 of the header.
  package var epochAndSequence: [UInt8] {
    [UInt8(epoch >> 8), UInt8(epoch & 0xFF), member] + (0..<5).reversed().map { UInt8(sequence >> ($0 * 8) & 0xFF) }
  }

  /// The whole datagram.
  package func sealed(_ keys: RecordKeys) -> [UInt8] {
    let authenticated = epochAndSequence + [type] + version + bigEndian(payload.count)
    let body: [UInt8]
    switch keys {
    case .mac(let key):
      body = payload + HMAC<SHA256>.authenticationCode(for: authenticated + payload, using: SymmetricKey(data: key))
    case .aead(let key, let iv):
      var nonce = iv
      for (index, byte) in epochAndSequence.enumerated() { nonce[4 + index] ^= byte }
      let box = try! ChaChaPoly.seal(
        payload, using: SymmetricKey(data: key), nonce: ChaChaPoly.Nonce(data: nonce), authenticating: authenticated)
      body = Array(box.ciphertext) + box.tag
    }
    return [type] + version + epochAndSequence + bigEndian(body.count) + body
  }

  private func bigEndian(_ count: Int) -> [UInt8] {
    [UInt8(count >> 8), UInt8(count & 0xFF)]
  }
}
