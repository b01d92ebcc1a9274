import Glibc
import Logging
import Synchronization

/// The receiving side: a thread that turns datagrams into messages.
///
/// 1. Wait for a datagram, for the order to stop, or for a second to pass.
/// 2. Take what is there as one batch.
/// 3. For each datagram: admission, then its sender's session, then the handler; every outcome is counted.
/// 4. When a second passed in silence, join again if the interface has come back.
///
/// The sessions and the batch are the thread's own. It is a thread and not a task, because it blocks: one of the few
/// threads that run Swift tasks would be lost to it.
final class ReceiveLoop: Sendable {
  private let socket: MulticastSocket
  private let handler: @Sendable (Message) -> Bool
  private let logger: Logger
  private let stopEvent: StopEvent
  private let counters = Mutex(Traffic())
  private let thread = JoinableThread()

  /// What became of all datagrams until now.
  var traffic: Traffic {
    counters.withLock { $0 }
  }

  /// Starts to receive.
  ///
  /// - Parameter handler: Gets each message on the loop's thread, and says whether there was room for it.
  /// - Throws: ``SystemError`` if there is no thread or descriptor left.
  init(
    _ members: sending InboundMembers,
    socket: MulticastSocket,
    logger: Logger,
    handler: @escaping @Sendable (Message) -> Bool
  ) throws(SystemError) {
    self.socket = socket
    self.handler = handler
    self.logger = logger
    stopEvent = try StopEvent()
    try thread.start { [self] in run(members) }
  }

  /// Stops, and waits until the last message has been handled. Again changes nothing.
  func stop() {
    stopEvent.signal()
    thread.join()
  }

  private func run(_ members: InboundMembers) {
    let batch = ReceiveBatch()
    while true {
      switch wait(for: socket.receiveDescriptor, milliseconds: 1000) {
      case .stop:
        return
      case .silence:
        if socket.rejoinIfInterfaceReturned() {
          logger.info("interface \(socket.interfaceName) is back: joined \(socket.group) again")
        }
      case .datagrams:
        do {
          unsafe try batch.receive(from: socket) { datagram, source in unsafe handle(datagram, from: source, members) }
        } catch {
          // The socket reports an error. It does not last, and it must not make the loop spin.
          logger.debug("receiving failed and goes on: \(error)")
          if wait(for: -1, milliseconds: 100) == .stop { return }
        }
      }
    }
  }

  private func handle(_ datagram: UnsafeBufferPointer<UInt8>, from source: Endpoint, _ members: InboundMembers) {
    let outcome = unsafe members.open(datagram, from: source).flatMap { message in
      handler(message) ? .success(message.sender) : .failure(Admission.Refused(.overrun, message.sender))
    }
    counters.withLock {
      switch outcome {
      case .success(let sender): $0.countDelivered(from: sender)
      case .failure(let refused): $0.countRefused(refused.reason, member: refused.member)
      }
    }
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
