import Synchronization

/// The figures of all datagrams so far: the receive thread counts, and any thread may read them.
final class ReceiveCounters: Sendable {
  let counts = Mutex(Statistics())

  var statistics: Statistics {
    counts.withLock { $0 }
  }
}
