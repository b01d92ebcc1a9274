/// Random numbers that are the same in every run. Source: SplitMix64, by Sebastiano Vigna (public domain).
package struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  package init(seed: UInt64) {
    state = seed
  }

  package mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  /// A number below a limit. Slightly uneven, and much faster than `Int.random` in a debug build.
  package mutating func below(_ limit: Int) -> Int {
    Int(truncatingIfNeeded: next() >> 1) % limit
  }

  /// True with the given probability.
  package mutating func happens(_ probability: Double) -> Bool {
    Double(next() >> 11) < probability * Double(1 << 53)
  }
}
