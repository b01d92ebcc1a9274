import Glibc

/// Secret bytes for repeated use that memory never holds in the clear at rest: one allocation holds the bytes xor a
/// random mask, another the mask.
///
/// An attacker who gets part of the memory (a stray read, a swapped page) does not get the bytes; one who gets all of
/// it does.
struct MaskedBytes: ~Copyable, Sendable {
  private let masked: SecretBytes
  private let mask: SecretBytes

  /// The number of bytes.
  var count: Int { masked.count }

  /// Masks a copy of the bytes. The caller's bytes are wiped when the caller releases them.
  init(_ bytes: borrowing SecretBytes) {
    // The generator is the kernel's, getrandom(2).
    var generator = SystemRandomNumberGenerator()
    let mask = unsafe SecretBytes(capacity: bytes.count) { mask in
      for index in 0..<bytes.count { unsafe mask[index] = UInt8.random(in: .min ... .max, using: &generator) }
      return mask.count
    }
    masked = Self.xor(bytes, mask)
    self.mask = mask
  }

  /// Lends the bytes, unmasked for the call and wiped after it.
  func withBytes<Value: ~Copyable, Failure: Error>(
    _ body: (UnsafeRawBufferPointer) throws(Failure) -> Value
  ) throws(Failure) -> Value {
    try unsafe Self.xor(masked, mask).withBytes(body)
  }

  /// Lends the bytes, unmasked in a given room of at least their size, and wiped there after the call. Allocates nothing.
  func withBytes<Value: ~Copyable, Failure: Error>(
    in room: UnsafeMutableRawBufferPointer, _ body: (UnsafeRawBufferPointer) throws(Failure) -> Value
  ) throws(Failure) -> Value {
    let bytes = unsafe UnsafeMutableRawBufferPointer(rebasing: room[..<masked.count])
    unsafe masked.withBytes { masked in
      unsafe mask.withBytes { mask in
        for index in masked.indices { unsafe bytes[index] = masked[index] ^ mask[index] }
      }
    }
    defer { unsafe explicit_bzero(bytes.baseAddress.unsafelyUnwrapped, bytes.count) }
    return try unsafe body(UnsafeRawBufferPointer(bytes))
  }

  private static func xor(_ left: borrowing SecretBytes, _ right: borrowing SecretBytes) -> SecretBytes {
    unsafe SecretBytes(capacity: left.count) { result in
      unsafe left.withBytes { left in
        unsafe right.withBytes { right in
          for index in left.indices { unsafe result[index] = left[index] ^ right[index] }
        }
      }
      return result.count
    }
  }
}
