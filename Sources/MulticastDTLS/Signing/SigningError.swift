/// The reason that messages cannot be signed or verified, with a remedy.
public enum SigningError: Error, Hashable, CustomStringConvertible {
  /// Messages under the secret are signed, and this member has no identity to sign with.
  case noIdentity
  /// The engine of the records cannot verify signatures in time.
  case engine

  /// One line for a person.
  public var description: String {
    switch self {
    case .noIdentity:
      "messages under this secret are signed, and this member has no identity: make one, and give its public key to the others"
    case .engine:
      "the wolfssl engine computes records without a hook, and so could verify a signature only once the record has moved "
        + "wolfSSL's replay window: signed messages need the libcrypto engine, and a wolfSSL built with --enable-atomicuser"
    }
  }
}
