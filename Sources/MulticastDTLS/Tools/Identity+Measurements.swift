extension Identity {
  /// The identity of measurements, which everybody knows.
  package static func ofMeasurements() throws -> Identity {
    try Identity(
      seed: unsafe SecretBytes(capacity: Ed25519.keySize) { seed in
        for index in seed.indices { unsafe seed[index] = UInt8(index) }
        return seed.count
      })
  }
}
