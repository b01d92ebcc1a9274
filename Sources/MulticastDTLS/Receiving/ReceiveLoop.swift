import Dispatch
import Glibc
import Metrics
import Synchronization

/// The receive thread: turns the datagrams of a socket into messages.
///
/// 1. Wait for a datagram, for an order (to stop, or to accept another ring), or for a second to pass.
/// 2. Take the datagrams that are there as one batch, each through the ``Receiver``.
/// 3. Publish the figures of the batch, and report its events.
/// 4. Save how far the members were heard: a new epoch at once, anything else now and then.
/// 5. Once a second: observe silent members, record metrics, look at the interfaces (see ``GroupInterfaces``) and at the
///    state's files.
/// 6. At the end: save and report the rest.
///
/// It is a thread and not a task because it blocks. It waits for no disk and no log.
final class ReceiveLoop: Sendable {
  private let socket: MulticastSocket
  private let reporter: EventReporter
  private let callbacks: Callbacks
  private let saveInterval: Duration
  private let wakeEvent: WakeEvent
  private let orders = Mutex(Orders())
  /// True once the handler has stopped the loop: the rest of its batch is not received.
  private let isHalted = Atomic(false)
  private let counters = ReceiveCounters()
  private let thread = WorkerThread(named: "mcast-receive")
  private let lastTick = Mutex(BootInstant.now)

  /// The orders that the thread has not seen.
  private struct Orders {
    var isStopped = false
    /// A ring to accept, and the signal that it is.
    var ring: (keys: [RingKey], isAccepted: DispatchSemaphore)?
    /// The members to receive from, those of them that send nothing, and the public keys.
    var followed: (all: MemberSet, listeners: MemberSet)?
    var publicKeys: [MemberID: MemberKeys]?
  }

  /// Starts to receive.
  ///
  /// - Parameters:
  ///   - ring: The keys to accept; their keepers get the positions of the members.
  ///   - metrics: Makes the metrics, which are all there when this returns. The thread records them once a second.
  ///   - saveInterval: The shortest time between two savings without a new epoch.
  ///   - handler: Takes each message on the receive thread, and returns true if it had room for it.
  /// - Throws: ``SystemError`` if there is no thread or descriptor left.
  init(
    _ ring: [RingKey],
    sent: SentRecords,
    socket: MulticastSocket,
    local: LocalMember,
    reporter: EventReporter,
    saveInterval: Duration = .seconds(1),
    metrics: any MetricsFactory = NOOPMetricsHandler.instance,
    callbacks: Callbacks = Callbacks(),
    handler: @escaping Receiver.Handler
  ) throws(SystemError) {
    self.saveInterval = saveInterval
    self.socket = socket
    self.reporter = reporter
    self.callbacks = callbacks
    wakeEvent = try WakeEvent()
    let metrics = PeerMetrics(metrics)
    record(metrics, ring, local)
    try thread.start { [self] in
      var run = Run(self, ring, sent: sent, local, metrics, handler)
      run.untilStopped()
      run.end()
      callbacks.onEnd()
    }
  }

  /// The figures of all datagrams so far.
  var statistics: Statistics {
    var statistics = counters.statistics
    let drops = socket.countDrops()
    (statistics.droppedByKernel, statistics.batchesDroppedByKernel) = (drops.datagrams, drops.batches)
    return statistics
  }

  /// The time since the thread has begun its last tick. It grows past some seconds if the thread hangs.
  var timeSinceTick: Duration { lastTick.withLock { $0 }.duration(to: .now) }

  /// Records the metrics of now.
  private func record(_ metrics: PeerMetrics, _ ring: [RingKey], _ local: LocalMember) {
    metrics.record(
      statistics, of: local,
      PeerMetrics.Facts(
        sent: callbacks.sentCount(), epoch: callbacks.epoch(), secretSince: ring[0].keeper.heldSince,
        interfaces: socket.readiness))
  }

  /// Runs a body that waits for the receive thread; nil, without running it, if that is or waits for the caller.
  func awaiting<Value>(_ body: () throws -> Value) rethrows -> Value? { try thread.awaiting(body) }

  /// Accepts these keys and no other. When this returns, all that had arrived under dropped keys was received, and the
  /// positions under them are with their keepers. Does nothing once the loop is stopped. Must not be called on the receive thread.
  func accept(_ ring: [RingKey]) {
    let isAccepted = DispatchSemaphore(value: 0)
    let isOrdered = orders.withLock { orders in
      if !orders.isStopped { orders.ring = (ring, isAccepted) }
      return !orders.isStopped
    }
    guard isOrdered else { return }
    wakeEvent.signal()
    isAccepted.wait()
  }

  /// Receives from these members, and from no other, as soon as the thread has finished its batch.
  func follow(_ members: MemberSet, _ listeners: MemberSet) {
    orders.withLock { $0.followed = (members, listeners) }
    wakeEvent.signal()
  }

  /// Verifies signatures by these public keys, as soon as the thread has finished its batch.
  func verify(by publicKeys: [MemberID: MemberKeys]) {
    orders.withLock { $0.publicKeys = publicKeys }
    wakeEvent.signal()
  }

  /// Stops the loop, and waits until the last message was handled and ``Callbacks/onEnd`` has returned. On the receive
  /// thread it does not wait, and no message follows. Again changes nothing.
  func stop() {
    if thread.isCurrent { isHalted.store(true, ordering: .relaxed) }
    orders.withLock { $0.isStopped = true }
    wakeEvent.signal()
    thread.wait()
  }
}

// MARK: - The thread

extension ReceiveLoop {
  /// The state of the receive thread.
  private struct Run: ~Copyable {
    private let loop: ReceiveLoop
    private let batch = ReceiveBatch()
    private var ring: [RingKey]
    private var local: LocalMember
    private var receiver: Receiver
    private var saving: SaveSchedule
    private let metrics: PeerMetrics
    private let waiting: ReceiveWait
    private var nextTick: BootInstant
    private var nextComplaint = BootInstant.now

    /// The time between two ticks.
    private static let tick = Duration.seconds(1)
    /// The time between two log lines about errors of the socket.
    private static let complaintPause = Duration.seconds(60)
    /// The longest time to receive before a key is dropped: a receive buffer is empty by then, unless a member floods the group
    /// with signatures of its own. All else waits meanwhile, also the watchdog.
    private static let drainTime = Duration.milliseconds(500)
    /// A batch this large predicts more.
    private static let busyBatch = 8

    init(
      _ loop: ReceiveLoop, _ ring: [RingKey], sent: SentRecords, _ local: LocalMember, _ metrics: PeerMetrics,
      _ handler: @escaping Receiver.Handler
    ) {
      self.loop = loop
      self.ring = ring
      self.local = local
      self.metrics = metrics
      let now = BootInstant.now
      receiver = Receiver(
        ring.map(\.opening), following: local.others, sent: sent,
        observer: Observer(
          start: now, followed: local.speakers, awaited: local.awaited, isWatching: local.member == nil,
          sendingKey: local.sendingKey),
        counters: loop.counters, onContest: loop.callbacks.onContest, handler: handler)
      receiver.verify(by: local.publicKeys)
      saving = SaveSchedule(interval: loop.saveInterval)
      waiting = ReceiveWait(socket: loop.socket.receiveDescriptor, order: loop.wakeEvent.rawValue)
      nextTick = now + Self.tick
    }

    /// Runs until the loop is stopped.
    mutating func untilStopped() {
      lookAtInterfaces(now: .now)
      var isBusy = false
      while true {
        let awaited = waiting.next(isBusy: isBusy)
        isBusy = false
        let now = BootInstant.now
        switch awaited {
        case .order:
          guard obey(now: now) else { return }
        case .silence:
          break
        case .datagrams:
          do throws(SystemError) {
            isBusy = try receiveBatch(now: now) >= Self.busyBatch
          } catch {
            // The socket reports an error. It does not last, and must not make the loop spin or the log grow.
            complain(error, now: now)
            waiting.pause()
          }
        }
        if receiver.isUnsaved, saving.isDue(isNew: receiver.hasNewEpoch, now: now) { save() }
        if now >= nextTick { tick(now: now) }
      }
    }

    /// Saves and reports the rest, and releases the thread that waits for a ring.
    mutating func end() {
      receiver.finish()
      report()
      _ = loop.socket.countDrops(isTick: true)
      loop.record(metrics, ring, local)
      save()
      loop.orders.withLock { $0.ring.take() }?.isAccepted.signal()
    }

    /// Receives one batch of the datagrams that have arrived.
    ///
    /// - Returns: The number of datagrams.
    private mutating func receiveBatch(now: BootInstant) throws(SystemError) -> Int {
      defer {
        receiver.endBatch(now: now)
        report()
      }
      let loop = loop
      return unsafe try batch.receive(from: loop.socket, into: &receiver) { receiver, datagram, source, interface in
        if loop.isHalted.load(ordering: .relaxed) { return }
        unsafe receiver.receive(datagram, from: source, on: interface, now: now)
      }
    }

    /// Executes the pending orders.
    ///
    /// - Returns: False if the loop is to stop.
    private mutating func obey(now: BootInstant) -> Bool {
      loop.wakeEvent.clear()
      let orders = loop.orders.withLock { orders in
        defer { (orders.ring, orders.followed, orders.publicKeys) = (orders.isStopped ? orders.ring : nil, nil, nil) }
        return orders
      }
      if orders.isStopped { return false }
      if let publicKeys = orders.publicKeys {
        local.publicKeys = publicKeys
        receiver.verify(by: publicKeys)
      }
      if let followed = orders.followed { follow(followed, now: now) }
      if let order = orders.ring { accept(order.keys, order.isAccepted, now: now) }
      return true
    }

    private mutating func follow(_ members: (all: MemberSet, listeners: MemberSet), now: BootInstant) {
      (local.peers, local.listeners) = members
      receiver.follow(local.others, speakers: local.speakers, awaited: local.awaited, now: now)
    }

    private mutating func accept(_ keys: [RingKey], _ isAccepted: DispatchSemaphore, now: BootInstant) {
      let dropped = ring.without(keys)
      // Records that were sent before a key is dropped are still accepted; but a flood is not waited for.
      let end = now + (dropped.isEmpty ? .zero : Self.drainTime)
      while BootInstant.now < end, (try? receiveBatch(now: .now)) ?? 0 > 0 {}
      save()
      receiver.accept(keys.map(\.opening))
      ring = keys
      local.keyIDs = ring.map(\.keyID)
      isAccepted.signal()
      for key in dropped { receiver.dropped(key.keyID) }
      report()
    }

    private mutating func tick(now: BootInstant) {
      loop.lastTick.withLock { $0 = now }
      // The kernel counts modulo 2^32: it must be asked before that can come round.
      let dropped = loop.socket.countDrops(isTick: true).datagrams
      receiver.tick(sendingKey: local.sendingKey, droppedByKernel: dropped, now: now)
      report()
      loop.record(metrics, ring, local)
      lookAtInterfaces(now: now)
      for key in ring { key.keeper.look { [callbacks = loop.callbacks] in callbacks.onStateLost($0) } }
      nextTick = now + Self.tick
    }

    private func lookAtInterfaces(now: BootInstant) {
      for event in loop.socket.lookAtInterfaces(now: now) { loop.reporter.report(.network(event)) }
    }

    private mutating func save() {
      let positions = receiver.takePositions()
      for key in ring { key.keeper.save(positions[key.keyID] ?? [:]) }
    }

    private mutating func report() {
      for event in receiver.takeEvents() { loop.reporter.report(event) }
    }

    private mutating func complain(_ error: SystemError, now: BootInstant) {
      guard now >= nextComplaint else { return }
      loop.reporter.debug("receiving failed and goes on", ["error": "\(error)"])
      nextComplaint = now + Self.complaintPause
    }
  }
}
