extension UnsafeRawBufferPointer {
  /// The start of the buffer as C's `const unsigned char *`.
  var bytes: UnsafePointer<UInt8>? {
    unsafe baseAddress?.assumingMemoryBound(to: UInt8.self)
  }
}

extension UnsafeMutableRawBufferPointer {
  /// The start of the buffer as C's `unsigned char *`.
  var bytes: UnsafeMutablePointer<UInt8>? {
    unsafe baseAddress?.assumingMemoryBound(to: UInt8.self)
  }
}
