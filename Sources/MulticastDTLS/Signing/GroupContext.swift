internal import COpenSSL

/// The name of a group and a suite in a signature, so that a message of one group is none of another: 128 bits of all that
/// the secret derives. The 32 bits of the key ID would not do, since a second group with the same can be made.
struct GroupContext: Hashable, Sendable {
  let hash: Hash16

  /// Hashes `mcast-peer group context 1`, a NUL byte, the suite's two bytes, and the three parts of the key material.
  init(_ keys: borrowing KeyMaterial, _ suite: CipherSuite) {
    defer { copenssl_wipe_traces() }
    let parts = unsafe keys.preMasterSecret.withBytes { preMasterSecret in
      unsafe keys.clientRandom.withBytes { clientRandom in
        unsafe keys.serverRandom.withBytes { serverRandom in
          unsafe SecretBytes(capacity: 2 + preMasterSecret.count + clientRandom.count + serverRandom.count) { storage in
            unsafe storage.copyBytes(from: suite.code)
            var count = suite.code.count
            for unsafepart in unsafe [preMasterSecret, clientRandom, serverRandom] {
              unsafe UnsafeMutableRawBufferPointer(rebasing: storage[count...]).copyMemory(from: part)
              count += part.count
            }
            return count
          }
        }
      }
    }
    hash = unsafe parts.withBytes { unsafe Hash16("mcast-peer group context 1", $0) }
  }
}
