import Logging

/// A member of a group: sends messages to all other members, and receives theirs.
///
/// A peer is ready once it is made. It may be used from any task or thread.
public final class MulticastPeer: Sendable {
  /// What the peer was made with.
  public let configuration: Configuration
  /// The other members' messages, as they arrive. One task may iterate; it ends when the peer is stopped, and has nothing
  /// where a handler gets them.
  ///
  /// Up to 4096 messages wait for it. Those that come when there is no room are lost, and counted as overrun, of which the
  /// logger is told.
  public let messages: AsyncStream<Message>

  /// Gets each message as it arrives, without a copy: what it carries is lent for the call.
  ///
  /// It is called on the thread that receives, which takes nothing else until it returns: what it cannot do at once it
  /// hands on. What comes too fast for it waits in the socket's receive buffer, and is then dropped by the kernel. It
  /// returns whether it had room for the message; one that it had not is lost, and counted as overrun.
  public typealias Handler = @Sendable (_ origin: Message.Origin, _ payload: Span<UInt8>) -> Bool

  private let received: AsyncStream<Message>.Continuation
  private let context: DTLSContext
  private let socket: MulticastSocket
  private let ring: ActiveKeyRing
  private let sent: SentRecords
  /// Nil if this peer only listens.
  private let sending: GroupTransmitter?
  private let loop: ReceiveLoop
  private let log: NoticeLog

  /// How many messages wait for a reader: at most 5.6 MB. Some batches fit, which come faster than a task wakes.
  private static let waitingLimit = 4096

  /// Joins the group and starts to listen. Takes some 15 ms for each secret, nearly all of it to derive keys.
  ///
  /// - Parameters:
  ///   - configuration: Who this node is, whom it listens to, and where.
  ///   - keys: The group secrets; the first is sent with, all are accepted.
  ///   - logger: Is told, few times, what a person should know: why nothing arrives, who restarted, which IDs are used
  ///     twice, who was not heard, what was lost, who has gone over to another key, when an interface goes, comes back, or gives
  ///     way to another; and with level debug of passing errors, and of the size of the receive buffer.
  ///   - handler: Gets the messages; with nil, ``messages`` has them.
  /// - Throws: ``NetworkError`` if the group or the interface cannot be used; ``StateError`` if there is no epoch to send in,
  ///   another process runs as this node, or, with encryption, nothing tells which epochs it has used (see
  ///   ``Configuration/isNewNode``); ``WolfSSLError``, ``LibcryptoError`` or ``SystemError`` if wolfSSL, libcrypto or the
  ///   system fails.
  public convenience init(
    _ configuration: Configuration,
    keys: KeyRing,
    logger: Logger = Logger(label: "MulticastDTLS"),
    handler: Handler? = nil
  ) throws {
    try self.init(
      configuration, keys: keys, logger: logger, recordLimit: RecordHeader.epochLimit, onNotice: nil,
      handler: handler)
  }

  /// The same, for who shows to other programs what the logger is told.
  ///
  /// - Parameters:
  ///   - onNotice: Gets it, from the thread that receives or the one that changes the ring. It must not wait.
  ///   - onFailure: Is called once the peer sends no more, see ``failure``.
  package convenience init(
    _ configuration: Configuration,
    keys: KeyRing,
    logger: Logger,
    onNotice: @escaping @Sendable (NoticeReport) -> Void,
    onFailure: @escaping @Sendable () -> Void,
    handler: @escaping Handler
  ) throws {
    try self.init(
      configuration, keys: keys, logger: logger, recordLimit: RecordHeader.epochLimit, onNotice: onNotice,
      onFailure: onFailure, handler: handler)
  }

  /// - Parameter recordLimit: How many records an epoch may have; tests make it small.
  init(
    _ configuration: Configuration,
    keys: KeyRing,
    logger: Logger = Logger(label: "MulticastDTLS"),
    recordLimit: UInt64,
    onNotice: (@Sendable (NoticeReport) -> Void)? = nil,
    onFailure: @escaping @Sendable () -> Void = {},
    handler: Handler? = nil
  ) throws {
    self.configuration = configuration
    log = NoticeLog(logger, onNotice: onNotice)
    if configuration.member != nil, let remark = configuration.state?.remark { log.log(.warning, remark) }
    context = try DTLSContext(ownMember: configuration.member, suite: configuration.suite, engine: configuration.engine)
    if context.engine != configuration.engine {
      log.log(
        .notice,
        "the wolfSSL \(WolfSSLLibrary.version) library on this machine was built without --enable-atomicuser, the hook for "
          + "libcrypto: it computes by itself, several times slower")
    }
    // The locks come before the socket: what it hears then is no more from a former process with our ID. The epoch comes
    // after it: a group that cannot be joined costs none.
    ring = try ActiveKeyRing(keys, configuration, context, log)
    let held = ring.keys
    let interfaces = try configuration.initialInterfaces
    socket = try MulticastSocket(
      group: configuration.group,
      interfaces: interfaces,
      followsRoute: configuration.interfaces.isEmpty,
      sources: configuration.sources,
      timeToLive: configuration.timeToLive,
      multicastLoopback: configuration.multicastLoopback,
      isSending: configuration.sends
    )
    let buffer = (socket.receiveBuffer, MulticastSocket.wantedReceiveBuffer)
    log.log(
      .debug,
      "the receive buffer has \(buffer.0) bytes"
        + (buffer.0 < buffer.1 ? " of \(buffer.1) that were asked for: net.core.rmem_max allows no more" : ""))
    sent = SentRecords(port: socket.sourcePort)
    if configuration.sends { sent.prepare(held) }
    sending =
      configuration.sends ? try GroupTransmitter(held[0], socket: socket, sent: sent, recordLimit: recordLimit) : nil
    ring.vouchForOthers()
    let surroundings = Notice.LocalMember(
      member: configuration.member,
      peers: configuration.peers,
      keyIDs: held.map(\.keyID),
      isEncrypted: configuration.suite.isEncrypted,
      group: configuration.group,
      interface: interfaces.map(\.name).joined(separator: ", ")
    )
    let (messages, received) = AsyncStream.makeStream(
      of: Message.self,
      bufferingPolicy: .bufferingOldest(Self.waitingLimit)
    )
    self.messages = messages
    self.received = received
    // By way of `??` each message would cost two calls more: generic code has closures in another form.
    let taking = if let handler { handler } else { Self.queueing(in: received) }
    let epochs = sending.map { [ring, log] in EpochGuard(ring, $0, surroundings, log, onFailure: onFailure) }
    loop = try ReceiveLoop(
      held,
      sent: sent,
      socket: socket,
      surroundings: surroundings,
      log: log,
      epochs: epochs,
      saveInterval: configuration.stateInterval,
      handler: taking
    )
    if handler != nil { received.finish() }
  }

  /// What the receive loop calls for ``messages``.
  private static func queueing(in received: AsyncStream<Message>.Continuation) -> Handler {
    { origin, payload in
      let message = Message(origin: origin, payload: unsafe payload.withUnsafeBufferPointer { unsafe Array($0) })
      return if case .enqueued = received.yield(message) { true } else { false }
    }
  }

  deinit {
    stop()
  }

  /// The most bytes that a message can have.
  public var maximumPayload: Int {
    configuration.suite.maximumPayload
  }

  /// The fingerprints of the secrets of the ring; the first is sent with.
  public var keyIDs: [KeyID] {
    ring.keys.map(\.keyID)
  }

  /// The epoch that this node sends in; nil if it only listens.
  public var epoch: Epoch? {
    sending == nil ? nil : ring.keys[0].keeper.epoch
  }

  /// The file that keeps this node's state under the secret that it sends with; nil if none does.
  public var statePath: String? {
    ring.keys[0].keeper.path
  }

  /// Why this peer sends no more, though nobody has stopped it: another node, a clone of it perhaps, has its ID and secret or
  /// its state, so that nonces would repeat. Nil as long as that is not so.
  public var failure: StateError? {
    sending?.failure
  }

  /// The interfaces where the group is joined now; the first is sent on. They change where ``Configuration/interfaces`` names
  /// none, and where one is replaced.
  public var interfaces: [NetworkInterface] {
    socket.interfaces
  }

  /// The kernel's number of the interface that is sent on now.
  package var sendInterface: UInt32 { socket.sendInterface }

  /// What became of the datagrams that arrived until now.
  public var statistics: Statistics {
    loop.statistics
  }

  /// Sends one message, as one datagram, at once.
  ///
  /// - Throws: ``SendError`` if the message is empty or longer than ``maximumPayload``; ``SystemError`` if the network
  ///   does not take it now, for instance because the interface is down or has no address; ``StateError`` if it needs a new
  ///   epoch (every 2^32 messages) and there is none, or if the peer sends no more, see ``failure``.
  public func send(_ payload: [UInt8]) throws {
    try sender.send(payload)
  }

  /// Sends messages, each as one datagram, in order and in as few passes through the kernel as it allows: several times
  /// faster than one by one, and the same for whoever receives them.
  ///
  /// - Returns: How many the network took: all, or the first ones if it takes no more now. Up to a batch of those that come
  ///   after them may have used up numbers, and count as lost with whoever hears the next message.
  /// - Throws: If nothing was sent: ``SendError`` if any message is empty or longer than ``maximumPayload``; else what
  ///   sending the first one throws.
  @discardableResult
  public func send(_ payloads: [[UInt8]]) throws -> Int {
    try sender.send(payloads)
  }

  /// The same, for who shows what was sent.
  ///
  /// - Parameter numbers: Gets the number of each message that the network took, unless it is nil.
  package func send(_ payloads: [[UInt8]], telling numbers: inout [GroupTransmitter.Number]?) throws -> Int {
    try sender.send(payloads, telling: &numbers)
  }

  /// What sends.
  ///
  /// - Throws: ``SendError/listening`` if this peer only listens.
  private var sender: GroupTransmitter {
    get throws(SendError) {
      guard let sending else { throw .listening }
      return sending
    }
  }

  /// Sends a text, as UTF-8.
  public func send(_ text: String) throws {
    try send(Array(text.utf8))
  }

  /// Uses another ring from now on, as a whole or not at all.
  ///
  /// 1. Secrets that are new are accepted as well.
  /// 2. If the first one is another than before, messages are sent with it, in a new epoch.
  /// 3. Secrets that are not in the ring any more are accepted no more, once what has arrived by now was taken.
  ///
  /// Takes some 15 ms for each secret, nearly all of it to derive keys; messages go on meanwhile.
  ///
  /// - Throws: ``StateError`` if there is no epoch to send in with a new secret, ``WolfSSLError`` or ``LibcryptoError`` if
  ///   wolfSSL or libcrypto fails, ``SendError/stopped`` if the peer was stopped; then the former ring stays in force.
  public func use(_ keys: KeyRing) throws {
    try ring.change(to: keys, sent, loop, sending)
  }

  /// Stops to send and to receive, and ends ``messages`` once what has arrived was taken. Again changes nothing.
  public func stop() {
    sending?.stop()
    loop.stop()
    received.finish()
    ring.finish()
  }
}
