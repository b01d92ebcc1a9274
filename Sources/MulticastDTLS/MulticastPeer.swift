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
    /// The epoch of what is sent and accepted.
    public var epoch: Epoch = .first

    /// Describes a peer; what is not named here has a default and can be set.
    public init(member: MemberID, peers: MemberSet, group: GroupAddress, interface: NetworkInterface) {
      self.member = member
      self.peers = peers
      self.group = group
      self.interface = interface
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
  private let outbound: Mutex<OutboundSession?>
  private let loop: ReceiveLoop

  /// How many messages wait for a reader: at most 1.4 MB.
  private static let waitingLimit = 1024

  /// Joins the group and starts to listen. Takes some 60 ms, nearly all of it to derive keys from the secret.
  ///
  /// - Parameter logger: Is told when the interface comes back, and with level debug of passing errors.
  /// - Throws: ``NetworkError`` if the group or the interface cannot be used; ``WolfSSLError`` or ``SystemError`` if
  ///   wolfSSL or the system fails.
  public init(
    _ configuration: Configuration,
    secret: borrowing GroupSecret,
    logger: Logger = Logger(label: "MulticastDTLS")
  ) throws {
    self.configuration = configuration
    socket = try MulticastSocket(
      group: configuration.group,
      interface: configuration.interface,
      timeToLive: configuration.timeToLive
    )
    let context = try DTLSContext(ownMember: configuration.member, suite: configuration.suite, secret: secret)
    keyID = context.keys.keyID
    outbound = Mutex(try OutboundSession(context, epoch: configuration.epoch))
    let (messages, received) = AsyncStream.makeStream(
      of: Message.self,
      bufferingPolicy: .bufferingOldest(Self.waitingLimit)
    )
    self.messages = messages
    self.received = received
    loop = try ReceiveLoop(
      InboundMembers(context, members: configuration.peers, epoch: configuration.epoch),
      socket: socket,
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

  /// What became of the datagrams that arrived until now.
  public var traffic: Traffic {
    loop.traffic
  }

  /// Sends one message, as one datagram, at once.
  ///
  /// - Throws: ``SendError`` if the message is empty or longer than ``maximumPayload``; ``SystemError`` if the network
  ///   does not take it now.
  public func send(_ payload: [UInt8]) throws {
    try outbound.withLock { session in
      guard session != nil else { throw SendError.stopped }
      // Under the lock until the socket has it, so that records leave in the order of their numbers.
      try unsafe payload.withUnsafeBytes { bytes in
        try unsafe session?.seal(bytes) { try unsafe socket.send($0) }
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
