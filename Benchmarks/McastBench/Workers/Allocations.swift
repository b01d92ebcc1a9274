import CBenchSupport

/// How often memory was asked for.
struct Allocations: Codable, Hashable {
  var all: Int
  var wolfSSL: Int

  /// What is not wolfSSL's.
  var ours: Int { all - wolfSSL }

  /// Since counting began.
  static var now: Allocations {
    let counts = cbench_allocations()
    return Allocations(all: Int(counts.all), wolfSSL: Int(counts.wolfssl))
  }

  static func - (one: Allocations, other: Allocations) -> Allocations {
    Allocations(all: one.all - other.all, wolfSSL: one.wolfSSL - other.wolfSSL)
  }
}
