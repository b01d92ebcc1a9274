import CBenchSupport

/// Numbers of memory allocations.
struct Allocations: Codable, Hashable {
  var all: Int
  var wolfSSL: Int

  /// The allocations outside wolfSSL.
  var ours: Int { all - wolfSSL }

  /// The numbers since counting began.
  static var now: Allocations {
    let counts = cbench_allocations()
    return Allocations(all: Int(counts.all), wolfSSL: Int(counts.wolfssl))
  }

  static func - (one: Allocations, other: Allocations) -> Allocations {
    Allocations(all: one.all - other.all, wolfSSL: one.wolfSSL - other.wolfSSL)
  }
}
