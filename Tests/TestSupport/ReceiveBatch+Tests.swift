@testable import MulticastDTLS

extension ReceiveBatch {
  /// Receives what is ready now, where it does not matter how fast that is.
  borrowing func receive(
    from socket: MulticastSocket, _ body: (UnsafeBufferPointer<UInt8>, Endpoint) -> Void
  ) throws(SystemError) -> Int {
    var nothing: Void = ()
    return try receive(from: socket, into: &nothing) { _, datagram, source, _ in body(datagram, source) }
  }
}
