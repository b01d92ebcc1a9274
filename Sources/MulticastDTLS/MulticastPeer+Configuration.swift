extension MulticastPeer {
  /// The settings of a peer, besides the group secret.
  public struct Configuration: Hashable, Sendable {
    /// The ID of this member, which no other member may have. Nil only listens: such a peer has no epoch and no state, so
    /// that after each start it may accept a recording, once.
    public var member: MemberID?
    /// The members to receive from at first, see ``MulticastPeer/follow(_:listeners:publicKeys:)``; our own ID among them changes nothing.
    public var peers: MemberSet
    /// The members of ``peers`` that send nothing: nobody misses them.
    public var listeners = MemberSet()
    /// The public keys of the members, by which the messages of a signed group are verified. Ours is taken from ``identity``.
    public var publicKeys: [MemberID: MemberKeys] = [:]
    /// The identity that signs this member's messages in a signed group; nil if it only listens, or the group is not signed.
    public var identity: Identity?
    /// True if messages are signed under any secret, so that no member can speak as another; all members must do the same.
    /// Under a secret with ``GroupSecret/isSigned`` they are signed in any case.
    public var isSigning = false
    /// The group's address and port.
    public var group: GroupAddress
    /// The interfaces to join on; the first is sent on. With none, the kernel's route for the group chooses one, at the start
    /// and while the peer runs; before there is a route, loopback.
    public var interfaces: [NetworkInterface]
    /// The only source addresses to receive from: source-specific multicast (RFC 4607). Empty receives from all.
    public var sources: [IPAddress] = []
    /// The TTL or hop limit of sent datagrams: 0 stays on this machine, 1 on the local network.
    public var timeToLive: UInt8 = 1
    /// True if other peers of this machine receive sent messages; on loopback they always do.
    public var multicastLoopback = true
    /// The cipher suite of all records: all members must use the same.
    public var suite: CipherSuite
    /// The directory of this member's state: the epochs that it has used, and its position in the others' records. Nil keeps
    /// no state, and needs an ``epoch``. One process at a time can use a member's state.
    public var state: StateDirectory?
    /// The epoch to begin in; nil takes the one after the last that this member has used, and is the usual choice.
    ///
    /// A given epoch must be later than all that this member has used with this secret. The others reject an earlier one; and
    /// an epoch used twice breaks the encryption, since nonces repeat. With a given epoch the peer also starts without a
    /// usable state; a usable one remembers the epoch.
    public var epoch: Epoch?
    /// True if this member has never sent with these secrets. The library takes that on trust.
    ///
    /// A member that encrypts and has no state only starts with it, or if its secret was made where its state is kept. Set it
    /// for one start only.
    public var isNewMember = false
    /// True if a member with an ID only listens. It has no epoch, its state only holds its position in the others' records,
    /// and sending is an error.
    public var isListening = false
    /// The time between two savings of the positions in the others' records; a new epoch is saved at once.
    ///
    /// After a crash or a power cut, records since the last saving can be accepted again, from a recording. After
    /// ``MulticastPeer/stop()-86k35`` all is saved.
    public var stateInterval: Duration = .seconds(30)
    /// The most messages that wait in ``MulticastPeer/messages`` for a reader. Each takes the size of its payload and some
    /// 100 bytes.
    public var messageBufferSize = 16_384
    /// The library that computes inside wolfSSL's record layer; the records of both engines are the same.
    public var engine: RecordEngine = .libcrypto

    /// Makes the settings of a peer; all others have defaults, and can be set.
    ///
    /// Without an interface, the kernel's route for the group chooses one.
    public init(
      member: MemberID?, peers: MemberSet, group: GroupAddress, suite: CipherSuite, interface: NetworkInterface? = nil,
      state: StateDirectory?
    ) {
      self.member = member
      self.suite = suite
      self.peers = peers
      self.group = group
      self.interfaces = interface.map { [$0] } ?? []
      self.state = state
    }

    /// Takes members, listeners and public keys from a roster.
    public mutating func use(_ roster: Roster) {
      (peers, listeners, publicKeys) = (roster.members, roster.listeners, roster.publicKeys)
    }

    /// The settings of the key ring.
    var keyRingPolicy: ActiveKeyRing.Policy {
      ActiveKeyRing.Policy(
        member: member, sends: sends, isEncrypting: suite.isEncrypted, isSigning: isSigning, group: group, state: state,
        epoch: epoch,
        isNewMember: isNewMember)
    }

    /// True if this member sends, or may.
    var sends: Bool { member != nil && !isListening }

    /// The interfaces to begin on.
    var initialInterfaces: [NetworkInterface] {
      get throws(NetworkError) { interfaces.isEmpty ? [try .standard(for: group)] : interfaces }
    }
  }
}
