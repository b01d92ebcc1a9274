import CDatagram
import Glibc

/// The buffers for a batch of datagrams; the receive loop has one and uses it again and again.
@safe
struct ReceiveBatch: ~Copyable {
  /// One byte more than a record may have, so that one that was cut off is too long as well.
  private static let slotSize = RecordHeader.maximumAccepted + 1

  private let storage: UnsafeMutableBufferPointer<UInt8>
  private let slots: UnsafeMutableBufferPointer<cdatagram_slot>

  /// Allocates room for as many datagrams as one call receives.
  init() {
    let count = CDATAGRAM_BATCH
    unsafe storage = .allocate(capacity: count * Self.slotSize)
    unsafe storage.initialize(repeating: 0)
    unsafe slots = .allocate(capacity: count)
    for index in 0..<count {
      unsafe slots.initializeElement(
        at: index,
        to: cdatagram_slot(
          bytes: unsafe storage.baseAddress.unsafelyUnwrapped + index * Self.slotSize,
          capacity: UInt32(Self.slotSize),
          count: 0,
          source: sockaddr_in()
        )
      )
    }
  }

  deinit {
    unsafe slots.deallocate()
    unsafe storage.deallocate()
  }

  /// Receives what is ready now and hands over each datagram, lent for the call. Source: recvmmsg(2).
  ///
  /// - Throws: ``SystemError`` if the socket reports an error.
  borrowing func receive(
    from socket: MulticastSocket,
    _ body: (UnsafeBufferPointer<UInt8>, Endpoint) -> Void
  ) throws(SystemError) {
    let received = unsafe cdatagram_receive(
      socket.receiveDescriptor,
      slots.baseAddress.unsafelyUnwrapped,
      UInt32(slots.count)
    )
    // Another poll tells whether there is more.
    if received == -EAGAIN { return }
    guard received >= 0 else { throw SystemError("recvmmsg", -received) }
    for index in 0..<Int(received) {
      let slot = unsafe slots[index]
      unsafe body(UnsafeBufferPointer(start: slot.bytes, count: Int(slot.count)), Endpoint(slot.source))
    }
  }
}
