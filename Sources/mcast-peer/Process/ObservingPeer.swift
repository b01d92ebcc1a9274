import Logging
import MulticastDTLS

extension MulticastPeer {
  /// Makes a peer whose messages nobody reads, for its statistics and events. The secrets are wiped when this returns; the
  /// peer holds only keys derived from them.
  ///
  /// - Throws: ``SecretError`` also if there is no secret and the peer only listens: with a new one, which no other member
  ///   has, it would hear nobody.
  convenience init(
    observingWith configuration: Configuration, _ source: SecretSource, _ logger: Logger,
    _ identitySource: IdentitySource? = nil
  ) throws {
    let ring = try KeyRing(from: source, makesOwnFile: configuration.member != nil, markingIn: configuration.state)
    warn(of: ring, logger)
    var configuration = configuration
    configuration.identity = try identitySource?.identity(for: ring, isSigning: configuration.isSigning, logger)
    try self.init(configuration, keys: ring, logger: .ofLibrary(logger)) { _, _, _ in true }
  }
}
