import Glibc

/// Bytes that must not outlive their use: one allocation with one owner, wiped before it is freed.
///
/// Shared arrays and strings are copied, and the copies stay in the heap; so secrets live only here.
@safe
struct SecretBytes: ~Copyable {
  private let storage: UnsafeMutableRawBufferPointer

  /// The number of bytes.
  let count: Int

  /// Allocates `capacity` zeros and lets `fill` write into them; it returns the number of bytes to keep.
  init<Failure: Error>(
    capacity: Int,
    fill: (UnsafeMutableRawBufferPointer) throws(Failure) -> Int
  ) throws(Failure) {
    let storage = UnsafeMutableRawBufferPointer.allocate(byteCount: capacity, alignment: 16)
    unsafe storage.initializeMemory(as: UInt8.self, repeating: 0)
    do {
      count = try unsafe fill(storage)
    } catch {
      unsafe Self.wipeAndFree(storage)
      throw error
    }
    unsafe self.storage = storage
  }

  deinit {
    unsafe Self.wipeAndFree(storage)
  }

  /// Copies bytes.
  init(copying bytes: UnsafeRawBufferPointer) {
    unsafe self.init(capacity: bytes.count) { storage in
      unsafe storage.copyMemory(from: bytes)
      return bytes.count
    }
  }

  /// Lends the bytes. Do not copy them to memory that is not wiped.
  func withBytes<Value: ~Copyable, Failure: Error>(
    _ body: (UnsafeRawBufferPointer) throws(Failure) -> Value
  ) throws(Failure) -> Value {
    try unsafe body(UnsafeRawBufferPointer(rebasing: storage[..<count]))
  }

  private static func wipeAndFree(_ storage: UnsafeMutableRawBufferPointer) {
    // explicit_bzero(3): the optimizer may drop a memset before free.
    unsafe storage.baseAddress.map { unsafe explicit_bzero($0, storage.count) }
    unsafe storage.deallocate()
  }
}

// Safe to share: nothing writes to the storage after `init`.
extension SecretBytes: @unchecked Sendable {}
