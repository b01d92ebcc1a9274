internal import COpenSSL

/// The name of a group and a suite in a signature, so that a message of one group is none of another: 128 bits of all that
/// the secret derives. The 32 bits of the key ID would not do, since a second group with the same can be made.
struct GroupContext: Hashable, Sendable {
  let hash: Hash16

  /// Hashes `mcast-peer group context 1`, a NUL byte, the suite's two bytes, and the three parts of the key material.
  init(_ keys: borrowing KeyMaterial, _ suite: CipherSuite) {
    defer { copenssl_wipe_traces() }
    let sizes = [suite.code.count, keys.preMasterSecret.count, keys.clientRandom.count, keys.serverRandom.count]
    let parts = unsafe SecretBytes(capacity: sizes.reduce(0, +)) { storage in
      var rest = unsafe storage[...]
      func append(_ part: UnsafeRawBufferPointer) {
        unsafe UnsafeMutableRawBufferPointer(rebasing: rest).copyMemory(from: part)
        unsafe rest = rest.dropFirst(part.count)
      }
      unsafe suite.code.withUnsafeBytes { unsafe append($0) }
      unsafe keys.preMasterSecret.withBytes { unsafe append($0) }
      unsafe keys.clientRandom.withBytes { unsafe append($0) }
      unsafe keys.serverRandom.withBytes { unsafe append($0) }
      return storage.count
    }
    hash = unsafe parts.withBytes { unsafe Hash16("mcast-peer group context 1", $0) }
  }
}
