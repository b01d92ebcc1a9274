@testable import MulticastDTLS

extension ReceiveBatch {
  /// Receives the datagrams that are ready now. For tests that do not measure speed.
  borrowing func receive(
    from socket: MulticastSocket, _ body: (UnsafeBufferPointer<UInt8>, Endpoint) -> Void
  ) throws(SystemError) -> Int {
    // Not Void: all Void values share one address, and ThreadSanitizer then reports a race of two receiving threads.
    var count = 0
    return try receive(from: socket, into: &count) { count, datagram, source, _ in
      count += 1
      body(datagram, source)
    }
  }
}
