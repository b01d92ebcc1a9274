internal import COpenSSL
import Glibc

/// Computes HMAC-SHA256 with one key, without allocation. One thread at a time may use it.
///
/// Sources: RFC 2104 section 4 (the key block is hashed once, and the state copied for each message); SHA256_Init(3).
@safe
struct RecordMAC: ~Copyable {
  /// The size of a MAC in bytes.
  static let size = 32

  /// Three states: after the inner padded key, after the outer padded key, and the working copy.
  private let states: UnsafeMutablePointer<SHA256_CTX>

  /// - Parameter key: The key, at most 64 bytes, the block size of the hash.
  init(key: UnsafeRawBufferPointer) {
    precondition(key.count <= Self.blockSize, "a longer key would have to be hashed first")
    // Aligned to a cache line.
    unsafe states = UnsafeMutableRawPointer.allocate(
      byteCount: 3 * MemoryLayout<SHA256_CTX>.stride, alignment: 64
    ).bindMemory(to: SHA256_CTX.self, capacity: 3)
    for (index, padding) in [0x36, 0x5C].enumerated() {
      unsafe (states + index).initialize(to: SHA256_CTX())
      unsafe withUnsafeTemporaryAllocation(byteCount: Self.blockSize, alignment: 1) { block in
        for place in 0..<Self.blockSize {
          unsafe block[place] = (place < key.count ? key[place] : 0) ^ UInt8(padding)
        }
        unsafe SHA256_Init(states + index)
        unsafe SHA256_Update(states + index, block.baseAddress, block.count)
        unsafe explicit_bzero(block.baseAddress.unsafelyUnwrapped, block.count)
      }
    }
    unsafe (states + 2).initialize(to: SHA256_CTX())
  }

  deinit {
    // The states are equivalent to the key.
    unsafe explicit_bzero(states, 3 * MemoryLayout<SHA256_CTX>.stride)
    unsafe states.deallocate()
  }

  private static let blockSize = 64

  /// Writes the MAC of the 13 authenticated bytes and a payload to `mac`, which has room for ``size`` bytes.
  func authenticate(
    _ authenticated: UnsafePointer<UInt8>, _ payload: UnsafePointer<UInt8>, count: Int,
    into mac: UnsafeMutablePointer<UInt8>
  ) {
    unsafe copenssl_hmac(states, states + 2, authenticated, payload, count, mac)
  }
}
