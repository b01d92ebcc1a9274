/// Secret bytes that are needed again and again, kept so that memory never holds them as they are: the bytes xor a
/// random mask in one allocation, and the mask in another.
///
/// This hides them from whoever gets hold of some of the memory (a stray read, a swapped page), not from who has it all.
struct MaskedBytes: ~Copyable, Sendable {
  private let masked: SecretBytes
  private let mask: SecretBytes

  /// Masks bytes; the caller's are wiped when the caller lets them go.
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
