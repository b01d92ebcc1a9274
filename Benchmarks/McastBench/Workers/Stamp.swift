import CBenchSupport

/// The first bytes of a timed message: its send time, in nanoseconds of CLOCK_MONOTONIC.
enum Stamp {
  static let size = 8

  static func read(_ payload: UnsafeRawBufferPointer) -> UInt64 {
    unsafe payload.loadUnaligned(as: UInt64.self)
  }

  /// Writes the current time.
  static func write(to payload: inout [UInt8]) {
    let now = cbench_now()
    unsafe payload.withUnsafeMutableBytes { unsafe $0.storeBytes(of: now, as: UInt64.self) }
  }
}
