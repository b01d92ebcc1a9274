@testable import MulticastDTLS

extension ReceiveBatch {
  /// Receives what is ready now, where it does not matter how fast that is.
  borrowing func receive(
    from socket: MulticastSocket, _ body: (UnsafeBufferPointer<UInt8>, Endpoint) -> Void
  ) throws(SystemError) -> Int {
    // Not Void: all of it is at one address, which ThreadSanitizer takes for a race of two threads that receive.
    var count = 0
    return try receive(from: socket, into: &count) { count, datagram, source, _ in
      count += 1
      body(datagram, source)
    }
  }
}
