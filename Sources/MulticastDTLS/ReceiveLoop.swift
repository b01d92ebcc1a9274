import Glibc
import Logging
import Synchronization

/// The receiving side: a thread that turns datagrams into messages.
///
/// 1. Wait for a datagram, for the order to stop, or for a second to pass.
/// 2. Take what is there as one batch.
/// 3. For each datagram: admission, then its sender's session, then the handler; every outcome is counted.
/// 4. Once a second: say what a person should know, hand on how far the others were heard, and, after a silence, join
///    again if the interface has come back.
///
/// The members, the observer and the batch are the thread's own. It is a thread and not a task, because it blocks: one
/// of the few threads that run Swift tasks would be lost to it. It waits for no disk and no log.
final class ReceiveLoop: Sendable {
  private let socket: MulticastSocket
  private let keeper: StateKeeper
  private let surroundings: Notice.Surroundings
  private let handler: @Sendable (Message) -> Bool
  private let log: NoticeLog
  private let stopEvent: StopEvent
  private let counters = Mutex(Traffic())
  private let thread = JoinableThread()

  /// How often the loop looks at the time.
  private static let tick = Duration.seconds(1)

  /// What became of all datagrams until now.
  var traffic: Traffic {
    counters.withLock { $0 }
  }

  /// Starts to receive.
  ///
  /// - Parameters:
  ///   - keeper: Is given what was heard.
  ///   - surroundings: What notices say of this node.
  ///   - handler: Gets each message on the loop's thread, and says whether there was room for it.
  /// - Throws: ``SystemError`` if there is no thread or descriptor left.
  init(
    _ members: sending InboundMembers,
    socket: MulticastSocket,
    keeper: StateKeeper,
    surroundings: Notice.Surroundings,
    logger: Logger,
    handler: @escaping @Sendable (Message) -> Bool
  ) throws(SystemError) {
    self.socket = socket
    self.keeper = keeper
    self.surroundings = surroundings
    self.handler = handler
    log = NoticeLog(logger)
    stopEvent = try StopEvent()
    try thread.start { [self] in run(members) }
  }

  /// Stops, and waits until the last message has been handled and what was heard is on disk. Again changes nothing.
  func stop() {
    stopEvent.signal()
    thread.join()
    keeper.finish()
  }

  private func run(_ members: InboundMembers) {
    var batch = ReceiveBatch()
    let clock = ContinuousClock()
    var observer = Observer(start: clock.now, followed: surroundings.others)
    var nextTick = clock.now + Self.tick
    // What is new is handed on at once, and what comes within a second of that together.
    var nextSave = clock.now
    var isSaved = true
    defer { keeper.save(members.positions) }
    while true {
      let awaited = wait(for: socket.receiveDescriptor, milliseconds: 1000)
      let now = clock.now
      switch awaited {
      case .stop:
        return
      case .silence:
        if socket.rejoinIfInterfaceReturned() {
          log.log(.info, "interface \(socket.interfaceName) is back: joined \(socket.group) again")
        }
      case .datagrams:
        do {
          let dropped = unsafe try batch.receive(from: socket) { datagram, source in
            let outcome = unsafe members.open(datagram, from: source, now: now)
            if case .success = outcome { isSaved = false }
            say(handle(outcome, &observer, now: now))
          }
          if dropped > 0 { counters.withLock { $0.droppedByKernel += dropped } }
        } catch {
          // The socket reports an error. It does not last, and it must not make the loop spin.
          log.log(.debug, "receiving failed and goes on: \(error)")
          if wait(for: -1, milliseconds: 100) == .stop { return }
        }
      }
      if !isSaved, now >= nextSave {
        keeper.save(members.positions)
        isSaved = true
        nextSave = now + Self.tick
      }
      if now >= nextTick {
        say(observer.tick(now: now))
        nextTick = now + Self.tick
      }
    }
  }

  /// Delivers what was accepted, and counts it as well as what was refused.
  private func handle(
    _ outcome: Result<Arrival, Refused>, _ observer: inout Observer,
    now: ContinuousClock.Instant
  ) -> [Notice] {
    switch outcome {
    case .success(let arrival):
      let isDelivered = handler(arrival.message)
      counters.withLock { $0.count(arrival, isDelivered: isDelivered) }
      return observer.heard(arrival, now: now)
    case .failure(let refused):
      counters.withLock { $0.count(refused) }
      return observer.refused(refused, now: now)
    }
  }

  private func say(_ notices: [Notice]) {
    for notice in notices { log.log(notice.level, notice.text(surroundings)) }
  }

  private enum Awaited { case datagrams, silence, stop }

  /// Waits for datagrams, for the order to stop, or until the time is up. Source: poll(2), which skips descriptor -1.
  private func wait(for descriptor: CInt, milliseconds: CInt) -> Awaited {
    var awaited = [
      pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0),
      pollfd(fd: stopEvent.rawValue, events: Int16(POLLIN), revents: 0),
    ]
    // A signal may end the wait early: that is silence too.
    guard unsafe poll(&awaited, nfds_t(awaited.count), milliseconds) > 0 else { return .silence }
    return awaited[1].revents != 0 ? .stop : .datagrams
  }
}
