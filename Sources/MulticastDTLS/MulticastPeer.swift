import Logging
import Synchronization

/// A member of a group: sends messages to all other members, and receives theirs.
///
/// A peer is ready once it is made. It may be used from any task or thread.
public final class MulticastPeer: Sendable {
  /// What a peer needs to know besides the group secret.
  public struct Configuration: Hashable, Sendable {
    /// This node's own ID, which no other member may have.
    public var member: MemberID
    /// The members that are listened to; our own ID among them changes nothing.
    public var peers: MemberSet
    /// The group's address and port.
    public var group: GroupAddress
    /// The interface to join and send on.
    public var interface: NetworkInterface
    /// The TTL of what is sent: 0 stays on this machine, 1 on the local network.
    public var timeToLive: UInt8 = 1
    /// The cipher suite of what is sent and accepted.
    public var suite: CipherSuite = .wdmNullSHA256
    /// Where the epochs that this node has used are kept, and how far it has heard the others; nil keeps nothing, and then
    /// ``epoch`` must be given. One process at a time can use a node's state.
    public var state: StateDirectory?
    /// The epoch to begin in; nil, as it should be, takes the one after the last that this node has used.
    ///
    /// An epoch that is given must be later than all that this node has used with this secret. In an earlier one the
    /// others do not hear it; and where an epoch is used twice, encryption is broken, since nonces repeat. With an epoch
    /// given, a state that cannot be used is done without; a usable one remembers the epoch.
    public var epoch: Epoch?

    /// Describes a peer; what is not named here has a default and can be set.
    public init(
      member: MemberID, peers: MemberSet, group: GroupAddress, interface: NetworkInterface, state: StateDirectory?
    ) {
      self.member = member
      self.peers = peers
      self.group = group
      self.interface = interface
      self.state = state
    }
  }

  /// What the peer was made with.
  public let configuration: Configuration
  /// The fingerprint of the group secret.
  public let keyID: KeyID
  /// The other members' messages, as they arrive. One task may iterate; it ends when the peer is stopped.
  ///
  /// Up to 1024 messages wait for it. Those that come when there is no room are lost, and counted as overrun.
  public let messages: AsyncStream<Message>

  private let received: AsyncStream<Message>.Continuation
  private let socket: MulticastSocket
  private let outbound: Mutex<Outbound?>
  private let sent: SentRecords
  private let keeper: StateKeeper
  private let loop: ReceiveLoop

  /// How many messages wait for a reader: at most 1.4 MB.
  private static let waitingLimit = 1024

  /// Joins the group and starts to listen. Takes some 60 ms, nearly all of it to derive keys from the secret.
  ///
  /// - Parameter logger: Is told, few times, what a person should know: why nothing arrives, who restarted, which IDs
  ///   are used twice, when the interface comes back; and with level debug of passing errors.
  /// - Throws: ``NetworkError`` if the group or the interface cannot be used; ``StateError`` if there is no epoch to send
  ///   in, or another process runs as this node; ``WolfSSLError`` or ``SystemError`` if wolfSSL or the system fails.
  public convenience init(
    _ configuration: Configuration,
    secret: borrowing GroupSecret,
    logger: Logger = Logger(label: "MulticastDTLS")
  ) throws {
    try self.init(configuration, secret: secret, logger: logger, recordLimit: RecordHeader.sequenceLimit)
  }

  /// - Parameter recordLimit: How many records an epoch may have; tests make it small.
  init(
    _ configuration: Configuration,
    secret: borrowing GroupSecret,
    logger: Logger = Logger(label: "MulticastDTLS"),
    recordLimit: UInt64
  ) throws {
    self.configuration = configuration
    let context = try DTLSContext(ownMember: configuration.member, suite: configuration.suite, secret: secret)
    keyID = context.keys.keyID
    // The lock comes before the socket: what it hears then is no more from a former process with our ID. The epoch comes
    // after it: a group that cannot be joined costs none.
    keeper = try StateKeeper(
      directory: configuration.state,
      epoch: configuration.epoch,
      keyID: keyID,
      member: configuration.member,
      logger: logger
    )
    socket = try MulticastSocket(
      group: configuration.group,
      interface: configuration.interface,
      timeToLive: configuration.timeToLive
    )
    outbound = Mutex(try Outbound(context, keeper: keeper, recordLimit: recordLimit))
    sent = SentRecords(epoch: keeper.epoch, port: socket.sourcePort)
    let (messages, received) = AsyncStream.makeStream(
      of: Message.self,
      bufferingPolicy: .bufferingOldest(Self.waitingLimit)
    )
    self.messages = messages
    self.received = received
    loop = try ReceiveLoop(
      InboundMembers(context, members: configuration.peers, sent: sent, heardBefore: keeper.heardBefore),
      socket: socket,
      keeper: keeper,
      surroundings: Notice.Surroundings(
        member: configuration.member,
        peers: configuration.peers,
        keyID: keyID,
        group: configuration.group,
        interface: configuration.interface.name
      ),
      logger: logger
    ) { message in
      if case .enqueued = received.yield(message) { true } else { false }
    }
  }

  deinit {
    stop()
  }

  /// The most bytes that a message can have.
  public var maximumPayload: Int {
    configuration.suite.maximumPayload
  }

  /// The epoch that this node sends in.
  public var epoch: Epoch {
    keeper.epoch
  }

  /// The file that keeps this node's state; nil if none does.
  public var statePath: String? {
    keeper.path
  }

  /// What became of the datagrams that arrived until now.
  public var traffic: Traffic {
    loop.traffic
  }

  /// Sends one message, as one datagram, at once.
  ///
  /// - Throws: ``SendError`` if the message is empty or longer than ``maximumPayload``; ``SystemError`` if the network
  ///   does not take it now; ``StateError`` if it needs a new epoch (every 2^32 messages) and there is none.
  public func send(_ payload: [UInt8]) throws {
    try outbound.withLock { session in
      guard session != nil else { throw SendError.stopped }
      // Under the lock until the socket has it, so that records leave in the order of their numbers.
      try unsafe payload.withUnsafeBytes { bytes in
        try unsafe session?.seal(bytes) { record in
          unsafe sent.remember(record)
          try unsafe socket.send(record)
        }
      }
    }
  }

  /// Sends a text, as UTF-8.
  public func send(_ text: String) throws {
    try send(Array(text.utf8))
  }

  /// Stops to send and to receive, and ends ``messages`` once what has arrived was taken. Again changes nothing.
  public func stop() {
    outbound.withLock { $0 = nil }
    loop.stop()
    received.finish()
  }
}
