import Glibc

/// The receive thread's wait for datagrams, for an order, or until the time is up.
struct ReceiveWait {
  /// The end of a wait. A signal may end it early: that is silence too.
  enum Reason { case datagrams, silence, order }

  /// After a large batch, poll for this long before blocking.
  private static let busyPollTime = Duration.microseconds(20)
  /// The longest wait, in milliseconds.
  private static let longest: CInt = 1000
  /// The pause after an error of the socket, in milliseconds.
  private static let pauseTime: CInt = 100

  /// The descriptor of the socket.
  let socket: CInt
  /// The descriptor that an order makes readable.
  let order: CInt

  /// Waits for the next event. After a large batch the next datagram is likely there in a moment: until then the thread
  /// stays awake, since waking it would cost a sender on the same host more than sealing some records.
  func next(isBusy: Bool) -> Reason {
    if isBusy {
      let end = BootInstant.now + Self.busyPollTime
      repeat {
        let reason = wait(for: socket, milliseconds: 0)
        if reason != .silence { return reason }
      } while BootInstant.now < end
    }
    return wait(for: socket, milliseconds: Self.longest)
  }

  /// Waits for a moment, or an order.
  func pause() {
    // poll(2) skips descriptor -1.
    _ = wait(for: -1, milliseconds: Self.pauseTime)
  }

  /// Source: poll(2).
  private func wait(for descriptor: CInt, milliseconds: CInt) -> Reason {
    // No array: it would be the only allocation of a batch.
    unsafe withUnsafeTemporaryAllocation(of: pollfd.self, capacity: 2) { awaited in
      unsafe awaited.initializeElement(at: 0, to: pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0))
      unsafe awaited.initializeElement(at: 1, to: pollfd(fd: order, events: Int16(POLLIN), revents: 0))
      guard unsafe poll(awaited.baseAddress, nfds_t(awaited.count), milliseconds) > 0 else { return .silence }
      return unsafe awaited[1].revents != 0 ? .order : .datagrams
    }
  }
}
