extension MulticastPeer {
  /// The settings of a peer, besides the group secret.
  public struct Configuration: Hashable, Sendable {
    /// This node's own ID, which no other member may have. Nil only listens: such a peer takes no epoch and keeps no state,
    /// so that after each start it may accept a recording, once.
    public var member: MemberID?
    /// The members that are listened to; our own ID among them changes nothing.
    public var peers: MemberSet
    /// The group's address and port.
    public var group: GroupAddress
    /// The interfaces to join on; the first is sent on. With none, the kernel's route for the group chooses one, and goes on
    /// to choose while the peer runs; as long as there has been no route, that is loopback.
    public var interfaces: [NetworkInterface]
    /// The only source addresses to hear, if there are any: source-specific multicast (RFC 4607).
    public var sources: [IPAddress] = []
    /// The TTL or hop limit of what is sent: 0 stays on this machine, 1 on the local network.
    public var timeToLive: UInt8 = 1
    /// Whether other peers of this machine hear what is sent; on loopback they always do.
    public var multicastLoopback = true
    /// The cipher suite of all records: all members must use the same.
    public var suite: CipherSuite
    /// Where the epochs that this node has used are kept, and how far it has heard the others; nil keeps nothing, and then
    /// ``epoch`` must be given. One process at a time can use a node's state.
    public var state: StateDirectory?
    /// The epoch to begin in; nil, as it should be, takes the one after the last that this node has used.
    ///
    /// An epoch that is given must be later than all that this node has used with this secret. In an earlier one the
    /// others do not hear it; and where an epoch is used twice, encryption is broken, since nonces repeat. With an epoch
    /// given, a state that cannot be used is done without; a usable one remembers the epoch.
    public var epoch: Epoch?
    /// True if this node has never sent with these secrets. The library takes that on trust.
    ///
    /// A node that encrypts and has no state starts only with it, or if its secret was made where its state is kept. Set it for
    /// one start only.
    public var isNewNode = false
    /// True if a node that has an ID only listens. It takes no epoch, its state holds only what it has heard, and to send is
    /// an error.
    public var isListening = false
    /// The time between two writings of how far the others were heard; a new epoch is written at once.
    ///
    /// What came since the last writing can be accepted again, from a recording, after the process was killed or the power cut.
    /// After ``MulticastPeer/stop()`` all is written.
    public var stateInterval: Duration = .seconds(30)
    /// The most messages that wait in ``MulticastPeer/messages`` for a reader. Each takes the size of its payload and some
    /// 100 bytes.
    public var messageBufferSize = 16_384
    /// The library that computes inside wolfSSL's record layer; the records of both engines are the same.
    public var engine: RecordEngine = .libcrypto

    /// Describes a peer; what is not named here has a default and can be set.
    ///
    /// Without an interface it goes where the kernel's route for the group leads.
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

    /// The settings of the key ring.
    var keyRingPolicy: ActiveKeyRing.Policy {
      ActiveKeyRing.Policy(
        member: member, sends: sends, isEncrypting: suite.isEncrypted, group: group, state: state, epoch: epoch,
        isNewNode: isNewNode)
    }

    /// True if this member sends, or may.
    var sends: Bool { member != nil && !isListening }

    /// The interfaces to begin on.
    var initialInterfaces: [NetworkInterface] {
      get throws(NetworkError) { interfaces.isEmpty ? [try .standard(for: group)] : interfaces }
    }
  }
}
