import Dispatch
import Glibc
import Logging
import Synchronization

/// The receiving side: a thread that turns datagrams into messages.
///
/// 1. Wait for a datagram, for an order (to stop, or to accept another ring), or for a second to pass.
/// 2. Take what is there as one batch.
/// 3. For each datagram: admission, then its sender's session, then the handler (see ``Intake``).
/// 4. Once a second: say what a person should know, hand on how far the others were heard, and look at the interfaces, which
///    come, go and lose their carriers (see ``GroupInterfaces``).
///
/// The intake and the batch are the thread's own. It is a thread and not a task, because it blocks: one
/// of the few threads that run Swift tasks would be lost to it. It waits for no disk and no log.
final class ReceiveLoop: Sendable {
  private let socket: MulticastSocket
  private let handler: MulticastPeer.Handler
  private let log: NoticeLog
  private let epochs: EpochGuard?
  private let saveInterval: Duration
  private let wakeEvent: WakeEvent
  private let orders = Mutex(Orders())
  private let counters = Intake.Counters()
  private let thread = JoinableThread()

  /// How often the loop looks at the time.
  private static let tick = Duration.seconds(1)
  /// The time between two lines that receiving fails.
  private static let complaintPause = Duration.seconds(60)
  /// How many batches are taken before a key is dropped: more than a receive buffer holds.
  private static let drainedBatches = 2048

  /// How many datagrams of a batch tell that more are about to come, and how long they are looked out for.
  private static let busyBatch = 8
  private static let busyPollTime = Duration.microseconds(20)

  /// What the thread is told to do, once it looks.
  private struct Orders {
    var isStopped = false
    /// A ring to accept, and whom to tell when it is.
    var ring: (keys: [RingKey], isAccepted: DispatchSemaphore)?
  }

  /// What became of all datagrams until now.
  var statistics: Statistics {
    var statistics = counters.statistics
    let drops = socket.countDrops()
    (statistics.droppedByKernel, statistics.batchesDroppedByKernel) = (drops.datagrams, drops.batches)
    return statistics
  }

  /// Starts to receive.
  ///
  /// - Parameters:
  ///   - ring: The keys to accept; their keepers are given what was heard.
  ///   - surroundings: What notices say of this node.
  ///   - epochs: Looks after the epochs that this node sends in; nil if it sends nothing.
  ///   - saveInterval: At most so often is handed on how far the members were heard, but for new epochs.
  ///   - handler: Gets each message on the loop's thread, and says whether there was room for it.
  /// - Throws: ``SystemError`` if there is no thread or descriptor left.
  init(
    _ ring: [RingKey],
    sent: SentRecords,
    socket: MulticastSocket,
    surroundings: Notice.LocalMember,
    log: NoticeLog,
    epochs: EpochGuard? = nil,
    saveInterval: Duration = .seconds(1),
    handler: @escaping MulticastPeer.Handler
  ) throws(SystemError) {
    self.epochs = epochs
    self.saveInterval = saveInterval
    self.socket = socket
    self.handler = handler
    self.log = log
    wakeEvent = try WakeEvent()
    try thread.start { [self] in run(ring, sent: sent, surroundings) }
  }

  /// Accepts these keys and no other, once what has arrived was taken. When this returns it is so, and what was heard has
  /// been handed to its keepers. Once stopped, nothing happens.
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

  /// Stops, and waits until the last message has been handled and what was heard has been handed to its keepers. Again
  /// changes nothing.
  func stop() {
    orders.withLock { $0.isStopped = true }
    wakeEvent.signal()
    thread.join()
  }

  private func run(_ ring: [RingKey], sent: SentRecords, _ surroundings: Notice.LocalMember) {
    var ring = ring
    var surroundings = surroundings
    let batch = ReceiveBatch()
    var intake = Intake(
      InboundMembers(ring.map(\.inbound), sent: sent),
      observer: Observer(
        start: BootInstant.now, followed: surroundings.others, awaited: surroundings.awaited,
        isWatching: surroundings.member == nil, sendingKey: surroundings.ownSendingKey),
      counters: counters, epochs: epochs, handler: handler)
    var nextTick = BootInstant.now + Self.tick
    var saving = SaveSchedule(interval: saveInterval)
    // Whoever waits for a ring to be accepted waits no longer.
    defer {
      say(intake.finish(), surroundings)
      _ = socket.countDrops(isTick: true)
      save(intake.members.positions, ring)
      orders.withLock { $0.ring.take() }?.isAccepted.signal()
    }

    /// Takes one batch of what has arrived, and says how many datagrams that were.
    func takeBatch(now: BootInstant) throws(SystemError) -> Int {
      defer { say(intake.endRun(now: now), surroundings) }
      return unsafe try batch.receive(from: socket, into: &intake) { intake, datagram, source, interface in
        let notices = unsafe intake.take(datagram, from: source, on: interface, now: now)
        if !notices.isEmpty { say(notices, surroundings) }
      }
    }

    /// Looks at the interfaces.
    func lookAtInterfaces(now: BootInstant) {
      let notices = socket.lookAtInterfaces(now: now)
      if notices.isEmpty { return }
      surroundings.interface = socket.interfaces.map(\.name).joined(separator: ", ")
      say(notices.map { .network($0) }, surroundings)
    }

    lookAtInterfaces(now: BootInstant.now)
    var isBusy = false
    var nextComplaint = BootInstant.now
    while true {
      let awaited = waitForMore(isBusy: isBusy)
      isBusy = false
      let now = BootInstant.now
      switch awaited {
      case .order:
        wakeEvent.clear()
        let (isStopped, order) = orders.withLock { ($0.isStopped, $0.isStopped ? nil : $0.ring.take()) }
        if isStopped { return }
        if let order {
          // What was sent before a key is dropped is still accepted; but a flood is not waited for.
          for _ in 0..<Self.drainedBatches { if (try? takeBatch(now: now)) ?? 0 == 0 { break } }
          save(intake.members.positions, ring)
          let dropped = ring.map(\.keyID).filter { keyID in !order.keys.contains { $0.keyID == keyID } }
          intake.accept(order.keys.map(\.inbound))
          ring = order.keys
          surroundings.keyIDs = ring.map(\.keyID)
          order.isAccepted.signal()
          for keyID in dropped { say(intake.dropped(keyID), surroundings) }
        }
      case .silence:
        break
      case .datagrams:
        do {
          isBusy = try takeBatch(now: now) >= Self.busyBatch
        } catch {
          // The socket reports an error. It does not last, and it must not make the loop spin, nor the log grow.
          if now >= nextComplaint {
            log.log(.debug, "receiving failed and goes on: \(error)")
            nextComplaint = now + Self.complaintPause
          }
          _ = wait(for: -1, milliseconds: 100)
        }
      }
      if !intake.isSaved, saving.isDue(isNew: intake.members.hasNewEpoch, now: now) {
        save(intake.members.positions, ring)
        intake.isSaved = true
        intake.members.hasNewEpoch = false
      }
      if now >= nextTick {
        // The kernel counts modulo 2^32; it is asked before that can come round.
        let dropped = socket.countDrops(isTick: true).datagrams
        say(
          intake.tick(sendingKey: surroundings.ownSendingKey, droppedByKernel: dropped, now: now), surroundings)
        lookAtInterfaces(now: now)
        for held in ring { held.keeper.look { [epochs] in epochs?.lost($0) } }
        nextTick = now + Self.tick
      }
    }
  }

  private func save(_ positions: [KeyID: [MemberID: ReplayPosition]], _ ring: [RingKey]) {
    for held in ring { held.keeper.save(positions[held.keyID] ?? [:]) }
  }

  private func say(_ notices: [Notice], _ surroundings: Notice.LocalMember) {
    for notice in notices { log.say(notice, surroundings) }
  }

  /// Waits for what comes next. When much has come just now, the next is likely there in a moment: until then this thread
  /// stays awake, since waking it would cost the sender of a host more than sealing some records.
  private func waitForMore(isBusy: Bool) -> Awaited {
    if isBusy {
      let end = BootInstant.now + Self.busyPollTime
      repeat {
        let awaited = wait(for: socket.receiveDescriptor, milliseconds: 0)
        if awaited != .silence { return awaited }
      } while BootInstant.now < end
    }
    return wait(for: socket.receiveDescriptor, milliseconds: 1000)
  }

  private enum Awaited { case datagrams, silence, order }

  /// Waits for datagrams, for an order, or until the time is up. Source: poll(2), which skips descriptor -1.
  private func wait(for descriptor: CInt, milliseconds: CInt) -> Awaited {
    // No array: it would be the only thing that is allocated for a batch.
    unsafe withUnsafeTemporaryAllocation(of: pollfd.self, capacity: 2) { awaited in
      unsafe awaited.initializeElement(at: 0, to: pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0))
      unsafe awaited.initializeElement(at: 1, to: pollfd(fd: wakeEvent.rawValue, events: Int16(POLLIN), revents: 0))
      // A signal may end the wait early: that is silence too.
      guard unsafe poll(awaited.baseAddress, nfds_t(awaited.count), milliseconds) > 0 else { return .silence }
      return unsafe awaited[1].revents != 0 ? .order : .datagrams
    }
  }
}
