import Glibc
import Synchronization

@testable import MulticastDTLS

/// Records all datagrams of a group during its lifetime, in the order in which they were sent.
package final class Tap: Sendable {
  private let recorder: Recorder
  private let thread = WorkerThread()

  package init(_ group: GroupAddress) throws {
    let recorder = Recorder(socket: try MulticastSocket(group: group, interface: loopback, timeToLive: 0))
    self.recorder = recorder
    try thread.start { recorder.run() }
  }

  deinit {
    stop()
  }

  /// Records the datagrams that have arrived, and then stops recording.
  package func stop() {
    recorder.isOver.set()
    thread.wait()
  }

  /// The recorded datagrams.
  package var datagrams: [[UInt8]] { recorder.recorded.withLock { $0 } }
  /// The number of datagrams recorded so far.
  package var count: Int { recorder.recorded.withLock { $0.count } }
}

private final class Recorder: Sendable {
  let isOver = Flag()
  let recorded = Mutex<[[UInt8]]>([])
  private let socket: MulticastSocket

  init(socket: MulticastSocket) {
    self.socket = socket
  }

  func run() {
    let batch = ReceiveBatch()
    while true {
      var ready = pollfd(fd: socket.receiveDescriptor, events: Int16(POLLIN), revents: 0)
      if poll(&ready, 1, 50) == 0, isOver.isSet { return }
      var datagrams: [[UInt8]] = []
      _ = try? batch.receive(from: socket) { datagram, _ in datagrams.append(Array(datagram)) }
      recorded.withLock { $0 += datagrams }
    }
  }
}
