import Logging
import Metrics
import Synchronization
import SystemPackage

/// A member of a group: sends messages to all other members, and receives theirs.
///
/// A peer can send and receive as soon as it is created, from any task or thread. It stops with ``stop()-86k35``, or when
/// the last reference to it is released.
public final class MulticastPeer: Sendable {
  /// The configuration that the peer was made with.
  public let configuration: Configuration
  /// The other members' messages, as they arrive; none where a handler gets them.
  ///
  /// ``Configuration/messageBufferSize`` messages wait for a reader. Those that arrive when there is no room are lost,
  /// counted as overrun, and reported by ``PeerEvent/overrun(_:)``.
  public let messages: MessageStream
  /// The changes that a person should know: who restarted or fell silent, why nothing arrives, and faults.
  public let events: EventStream
  /// Sends messages as this peer, without holding it.
  public let sender: MessageSender

  /// Takes each message as it arrives, without a copy: the payload is lent for the call.
  ///
  /// Called on the receive thread, which is blocked until it returns. Hand off anything slow: messages that arrive
  /// meanwhile wait in the socket's receive buffer, and then the kernel drops them. The `sender` answers without holding
  /// the peer. Return true if there was room for the message; otherwise it is lost, and counted as overrun.
  public typealias Handler =
    @Sendable (
      _ origin: Message.Origin, _ payload: Span<UInt8>, _ sender: MessageSender
    ) -> Bool

  /// The library that computes the records: the one of the configuration, if this wolfSSL was built with the hook for
  /// libcrypto; else wolfSSL, which is several times slower.
  public let engine: RecordEngine

  /// The most events that wait for a reader.
  private static let eventBufferSize = 1024

  private let socket: MulticastSocket
  let ring: ActiveKeyRing
  private let sent: SentRecords
  /// Has no element, and is finished when the peer has stopped.
  let end = StreamBuffer<Never>(capacity: 0)
  let loop: ReceiveLoop
  let followed: Mutex<Followed>

  /// Joins the group and starts to receive. Takes some 15 ms for each secret, nearly all of it to derive keys.
  ///
  /// - Parameters:
  ///   - configuration: The group, this member, the others, and the state.
  ///   - keys: The group secrets; the first is sent with, all are accepted.
  ///   - logger: Receives the same as ``events``, with level info; with level debug also passing errors, and the size of the
  ///     receive buffer.
  ///   - metrics: Makes the metrics, each with the prefix `multicast_dtls_`: <doc:RunInAService> lists them. All are there
  ///     when this returns. The peer records them once a second and at its end.
  ///   - handler: Takes the messages; with nil, ``messages`` has them.
  /// - Throws: ``PeerError/Code/network`` if the group or the interface cannot be used; ``PeerError/Code/state`` if there is no
  ///   epoch to send in, another process runs as this member, or, with encryption, nothing tells which epochs it has used
  ///   (see ``Configuration/isNewMember``); ``PeerError/Code/cryptography`` and ``PeerError/Code/system``.
  public convenience init(
    _ configuration: Configuration,
    keys: KeyRing,
    logger: Logger = Logger(label: "MulticastDTLS"),
    metrics: any MetricsFactory = MetricsSystem.factory,
    handler: Handler? = nil
  ) throws(PeerError) {
    let events = StreamBuffer<PeerEvent>(capacity: Self.eventBufferSize)
    do {
      try self.init(
        configuration, keys: keys, logger: logger, metrics: metrics, events: events,
        recordLimit: RecordHeader.epochLimit, handler: handler)
    } catch {
      var failure = PeerError(error)
      failure.notices = events.takeAll().compactMap { if case .state(let notice) = $0 { notice } else { nil } }
      throw failure
    }
  }

  /// - Parameter recordLimit: The number of records of an epoch; tests make it small.
  init(
    _ configuration: Configuration,
    keys: KeyRing,
    logger: Logger = Logger(label: "MulticastDTLS"),
    metrics: any MetricsFactory = MetricsSystem.factory,
    events: StreamBuffer<PeerEvent> = StreamBuffer(capacity: eventBufferSize),
    recordLimit: UInt64,
    handler: Handler? = nil
  ) throws {
    self.configuration = configuration
    self.events = EventStream(buffer: events)
    let followed = Followed(configuration)
    self.followed = Mutex(followed)
    let reporter = EventReporter(logger) { event in events.append(event, isVital: event.kind == .failed) }
    let report: StateNotice.Reporter = { reporter.report(.state($0)) }
    if configuration.member != nil, let remark = configuration.state?.remark { report(StateNotice(remark, .directory)) }
    let context = try DTLSContext(
      ownMember: configuration.member, suite: configuration.suite, engine: configuration.engine)
    engine = context.engine
    // Lock the state before opening the socket, so that no earlier process with our ID is still sending. Reserve the epoch
    // after, so that a failed join does not burn one.
    ring = try ActiveKeyRing(keys, configuration.keyRingPolicy, context, report)
    let active = ring.keys
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
    reporter.debug(
      "receive buffer",
      ["bytes": "\(socket.receiveBufferSizes.size)", "wanted": "\(socket.receiveBufferSizes.wanted)"])
    sent = SentRecords(port: socket.sourcePort)
    if configuration.sends { sent.prepare(active) }
    let transmitter =
      configuration.sends
      ? try GroupTransmitter(
        active[0], identity: configuration.identity, socket: socket, sent: sent, recordLimit: recordLimit) : nil
    ring.vouchForOthers()
    let local = LocalMember(
      member: configuration.member,
      peers: configuration.peers,
      listeners: configuration.listeners,
      publicKeys: followed.verifying,
      keyIDs: active.map(\.keyID),
      isEncrypted: configuration.suite.isEncrypted,
      isListening: configuration.isListening
    )
    let sender = MessageSender(transmitter: transmitter)
    self.sender = sender
    let buffer = StreamBuffer<Message>(capacity: max(1, configuration.messageBufferSize))
    messages = MessageStream(buffer: buffer)
    if handler != nil { buffer.finish() }
    // Not by `??`: generic code has closures in another form, which costs each message two calls.
    let receiving: Receiver.Handler =
      if let handler {
        { origin, payload in handler(origin, payload, sender) }
      } else {
        { origin, payload in
          buffer.append(Message(origin: origin, payload: unsafe payload.withUnsafeBufferPointer { unsafe Array($0) }))
        }
      }
    var callbacks = ReceiveLoop.Callbacks()
    // Runs on the receive thread, so that all is written also where the handler stopped the peer, or released it.
    callbacks.onEnd = { [ring, end] in
      ring.finish()
      buffer.finish()
      events.finish()
      end.finish()
    }
    if let transmitter {
      let epochs = EpochGuard(ring, transmitter, local, reporter)
      callbacks.onContest = { contest, now in epochs.heard(contest, now: now) }
      callbacks.onStateLost = { epochs.lost($0) }
      callbacks.sentCount = { transmitter.sentCount }
      callbacks.epoch = { [ring] in ring.keys[0].keeper.epoch }
    }
    loop = try ReceiveLoop(
      active, sent: sent, socket: socket, local: local, reporter: reporter, saveInterval: configuration.stateInterval,
      metrics: metrics, callbacks: callbacks, handler: receiving)
  }

  deinit {
    stopSynchronously()
  }

  // MARK: - State

  /// The fingerprints of the secrets of the ring; the first is sent with.
  public var keyIDs: [KeyID] {
    ring.keys.map(\.keyID)
  }

  /// The epoch that this member sends in; nil if it only listens.
  public var epoch: Epoch? {
    sender.transmitter == nil ? nil : ring.keys[0].keeper.epoch
  }

  /// The file that keeps this member's state under the secret that it sends with; nil if none does.
  public var statePath: FilePath? {
    ring.keys[0].keeper.path.map { FilePath($0) }
  }

  /// The reason for which this peer no longer sends, though nobody stopped it: another process, a clone of it perhaps, has
  /// its ID and secret or its state, so that nonces would repeat. Nil as long as that is not so.
  public var failure: StateError? {
    sender.transmitter?.failure
  }

  /// The interfaces on which the group is joined now; the first is sent on. They change where ``Configuration/interfaces``
  /// names none, and where an interface is replaced.
  public var interfaces: [NetworkInterface] {
    socket.interfaces
  }

  /// The size of the receive buffer in bytes, and the size that was asked for: net.core.rmem_max limits it. Source:
  /// socket(7), SO_RCVBUF.
  public var receiveBufferSizes: (size: Int, wanted: Int) { socket.receiveBufferSizes }

  /// The figures of all datagrams so far.
  public var statistics: Statistics {
    loop.statistics
  }

  /// The time since the receive thread last showed that it works: at most some two seconds, unless it hangs, as in a handler
  /// that does not return. For a watchdog.
  public var timeSinceTick: Duration { loop.timeSinceTick }

  // MARK: - Rotation

  /// Uses another ring from now on, as a whole or not at all. Blocks the thread for some 15 ms for each secret, nearly all
  /// of it to derive keys; messages go on meanwhile.
  ///
  /// 1. New secrets are accepted as well.
  /// 2. If the first one is another than before, messages are sent with it, in a new epoch.
  /// 3. Secrets that are no longer in the ring are rejected, once all that had arrived was received.
  ///
  /// - Throws: ``PeerError/Code/state`` if there is no epoch to send in with a new secret, ``PeerError/Code/cryptography``,
  ///   ``PeerError/Code/stopped``; then the former ring stays in force. ``PeerError/Code/calledInHandler`` in the handler,
  ///   which blocks the thread that must accept the ring.
  public func rotate(to keys: KeyRing) throws(PeerError) {
    try rotateSynchronously(to: keys)
  }

  /// Uses another ring from now on, as a whole or not at all, without blocking the task's thread; see
  /// ``rotate(to:)-2tzrn``.
  public func rotate(to keys: KeyRing) async throws(PeerError) {
    try await offTheTask { () throws(PeerError) in try self.rotateSynchronously(to: keys) }
  }

  private func rotateSynchronously(to keys: KeyRing) throws(PeerError) {
    do {
      let isDone = try loop.awaiting {
        try ring.change(to: keys, sent, loop, sender.transmitter)
        return true
      }
      if isDone == true { return }
    } catch {
      throw PeerError(error)
    }
    throw PeerError(
      .calledInHandler,
      "a handler cannot rotate the keys of a peer whose receive thread waits for it, as its own does: do it in a task")
  }

  // MARK: - The end

  /// Stops sending and receiving, and ends ``messages`` once all that was received is read. Again changes nothing.
  ///
  /// When it returns, the last message was handled, and the state is on disk and unlocked. In the handler it returns at once;
  /// no further message follows, and the rest is done after the handler has returned.
  public func stop() {
    stopSynchronously()
  }

  /// Stops sending and receiving, without blocking the task's thread; see ``stop()-86k35``.
  public func stop() async {
    await offTheTask { self.stopSynchronously() }
  }

  private func stopSynchronously() {
    sender.transmitter?.stop()
    loop.stop()
  }
}
