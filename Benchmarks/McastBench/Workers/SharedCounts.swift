import CBenchSupport

/// The delivered messages of each receiver, in memory that all processes of a link share.
@safe
final class SharedCounts {
  static let size = 4096
  /// A cache line per receiver, which avoids false sharing.
  private static let stride = 8

  private let numbers: UnsafeMutablePointer<UInt64>

  /// Maps the memory; it stays mapped until the process ends.
  init(descriptor: CInt) throws {
    guard let memory = unsafe cbench_map(descriptor, Self.size) else { throw BenchError("mmap failed") }
    unsafe numbers = unsafe memory
  }

  /// The count of a receiver, its only writer.
  subscript(receiver: Int) -> UInt64 {
    get { unsafe cbench_load(numbers + receiver * Self.stride) }
    set { unsafe cbench_store(numbers + receiver * Self.stride, newValue) }
  }
}

// Safe: every access is atomic, and the pointer never changes.
extension SharedCounts: @unchecked Sendable {}

/// An error of the benchmark.
struct BenchError: Error, CustomStringConvertible {
  var description: String

  init(_ description: String) {
    self.description = description
  }
}
