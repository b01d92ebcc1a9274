internal import CDatagram
import Glibc

/// Sends a datagram to a group and listens for it, on this machine only: its TTL is 0, and no member takes it for a
/// record.
package enum LoopbackProbe {
  /// Sends a probe, and returns true if it arrives in time.
  ///
  /// - Throws: ``NetworkError`` if the group cannot be joined there; ``SystemError`` if the datagram cannot be sent.
  package static func run(
    _ group: GroupAddress, on interface: NetworkInterface, within time: Duration
  ) throws -> Bool {
    let receiver = try MulticastSocket(group: group, interface: interface, timeToLive: 0)
    let sender = try MulticastSocket(group: group, interface: interface, timeToLive: 0, isReceiving: false)
    let question = ProbeDatagram.make()
    try unsafe question.withUnsafeBytes { try unsafe sender.send($0) }
    let batch = ReceiveBatch()
    let end = BootInstant.now + time
    while BootInstant.now < end {
      var ready = pollfd(fd: receiver.receiveDescriptor, events: Int16(POLLIN), revents: 0)
      guard unsafe poll(&ready, 1, 50) > 0 else { continue }
      var isHeard = false
      _ = try unsafe batch.receive(from: receiver, into: &isHeard) { isHeard, datagram, _, _ in
        if unsafe datagram.elementsEqual(question) { isHeard = true }
      }
      if isHeard { return true }
    }
    return false
  }
}
