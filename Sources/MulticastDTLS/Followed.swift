/// The members that a peer receives from, and the keys by which it verifies them and signs.
struct Followed {
  private let member: MemberID?
  var peers: MemberSet
  /// The public keys of the others.
  var publicKeys: [MemberID: MemberKeys]
  var identity: Identity?

  init(_ configuration: MulticastPeer.Configuration) {
    member = configuration.member
    peers = configuration.peers
    publicKeys = configuration.publicKeys
    identity = configuration.identity
  }

  /// The public keys to verify by. Our own is that of the identity, and beside it the one that the others know: another process
  /// may still sign with that.
  var verifying: [MemberID: MemberKeys] {
    guard let member, let identity else { return publicKeys }
    var keys = publicKeys
    let known = keys[member]
    keys[member] =
      known?.contains(identity.publicKey) == true ? known : MemberKeys(identity.publicKey, known?.first)
    return keys
  }
}
