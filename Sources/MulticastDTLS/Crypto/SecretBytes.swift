import Glibc

/// Bytes that must not outlive their use: one allocation with one owner, wiped before it is given back.
///
/// Arrays and strings are copied when they are shared, and the copies stay in the heap; so secrets live here only.
@safe
struct SecretBytes: ~Copyable {
  private let storage: UnsafeMutableRawBufferPointer

  /// How many bytes there are.
  let count: Int

  /// Allocates `capacity` zeros and lets `fill` write into them; it returns how many of them count.
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

  /// Lends the bytes. They must not be copied to anywhere that is not wiped.
  func withBytes<Value: ~Copyable, Failure: Error>(
    _ body: (UnsafeRawBufferPointer) throws(Failure) -> Value
  ) throws(Failure) -> Value {
    try unsafe body(UnsafeRawBufferPointer(rebasing: storage[..<count]))
  }

  private static func wipeAndFree(_ storage: UnsafeMutableRawBufferPointer) {
    // explicit_bzero(3): memset before free is an assignment that the optimizer may drop.
    unsafe storage.baseAddress.map { unsafe explicit_bzero($0, storage.count) }
    unsafe storage.deallocate()
  }
}

// Safe to share: nothing writes to the storage after `init`.
extension SecretBytes: @unchecked Sendable {}
