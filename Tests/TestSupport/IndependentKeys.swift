import Crypto
import Foundation
import MulticastDTLS
import Synchronization

/// The keys of a secret, derived without wolfSSL. Sources: RFC 8018 (PBKDF2) for the input of wolfSSL, RFC 5246
/// sections 5, 6.3 and 8.1 for the rest.
package struct IndependentKeys: Sendable {
  package let preMasterSecret: [UInt8]
  package let masterSecret: [UInt8]
  package let clientRandom: [UInt8]
  package let serverRandom: [UInt8]

  private let keyBlock: [UInt8]

  package init(secret: String) {
    preMasterSecret = pbkdf2(secret, salt: "mcast-pms", count: 48)
    let client = pbkdf2(secret, salt: "mcast-client-random", count: 32)
    let server = pbkdf2(secret, salt: "mcast-server-random", count: 32)
    masterSecret = prf(preMasterSecret, Array("master secret".utf8) + client + server, count: 48)
    (clientRandom, serverRandom) = (client, server)
    keyBlock = prf(masterSecret, Array("key expansion".utf8) + server + client, count: 44)
  }

  /// The MAC key; or the cipher key and IV. All members share them.
  package subscript(suite: CipherSuite) -> RecordKeys {
    switch suite {
    case .wdmNullSHA256: .mac(key: Array(keyBlock[..<32]))
    case .pskChaCha20Poly1305: .aead(key: Array(keyBlock[..<32]), iv: Array(keyBlock[32...]))
    }
  }
}

extension IndependentKeys {
  /// The keys of a secret. Derivation is slow, so the keys of each secret are cached.
  package static func of(_ secret: String) -> IndependentKeys {
    derived.withLock { derived in
      let keys = derived[secret] ?? IndependentKeys(secret: secret)
      derived[secret] = keys
      return keys
    }
  }
}

extension RecordKeys {
  /// The keys of a suite, derived from a secret.
  package init(secret: String, _ suite: CipherSuite) { self = IndependentKeys.of(secret)[suite] }
}

private let derived = Mutex<[String: IndependentKeys]>([:])

private func hmac(_ key: SymmetricKey, _ text: [UInt8]) -> [UInt8] {
  Array(HMAC<SHA256>.authenticationCode(for: text, using: key))
}

private func pbkdf2(_ password: String, salt: String, count: Int) -> [UInt8] {
  let key = SymmetricKey(data: Array(password.utf8))
  var derived: [UInt8] = []
  for block in 1...UInt8((count + 31) / 32) {
    var last = hmac(key, Array(salt.utf8) + [0, 0, 0, block])
    var sum = last
    for _ in 1..<4096 {
      last = hmac(key, last)
      for index in sum.indices { sum[index] ^= last[index] }
    }
    derived += sum
  }
  return Array(derived[..<count])
}

private func prf(_ secret: [UInt8], _ seed: [UInt8], count: Int) -> [UInt8] {
  let key = SymmetricKey(data: secret)
  var chain = seed
  var derived: [UInt8] = []
  while derived.count < count {
    chain = hmac(key, chain)
    derived += hmac(key, chain + seed)
  }
  return Array(derived[..<count])
}
