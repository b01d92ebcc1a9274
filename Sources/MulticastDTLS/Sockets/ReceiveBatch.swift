import CDatagram
import Glibc

/// The buffers for a batch of datagrams; the receive loop has one and uses it again and again.
@safe
struct ReceiveBatch: ~Copyable {
  /// One byte more than a record may have, so that one that was cut off is too long as well.
  private static let slotSize = RecordHeader.maximumAccepted + 1

  private let storage: UnsafeMutableBufferPointer<UInt8>
  private let slots: UnsafeMutableBufferPointer<cdatagram_slot>
  /// How many datagrams the kernel has dropped since the socket was made, modulo 2^32.
  private var dropped: UInt32 = 0

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
          source: sockaddr_in(),
          dropped: 0
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
  /// - Returns: How many datagrams there were, and how many the kernel has dropped since the last call, as far as it has
  ///   said so by now. Source: socket(7), SO_RXQ_OVFL.
  /// - Throws: ``SystemError`` if the socket reports an error.
  mutating func receive(
    from socket: MulticastSocket,
    _ body: (UnsafeBufferPointer<UInt8>, Endpoint) -> Void
  ) throws(SystemError) -> (taken: Int, dropped: Int) {
    let received = unsafe cdatagram_receive(
      socket.receiveDescriptor,
      slots.baseAddress.unsafelyUnwrapped,
      UInt32(slots.count)
    )
    // Another poll tells whether there is more.
    if received == -EAGAIN { return (0, 0) }
    guard received >= 0 else { throw SystemError("recvmmsg", -received) }
    let before = dropped
    for index in 0..<Int(received) {
      let slot = unsafe slots[index]
      unsafe body(UnsafeBufferPointer(start: slot.bytes, count: Int(slot.count)), Endpoint(slot.source))
      // Nothing is said as long as it is 0.
      if unsafe slot.dropped != 0 { dropped = unsafe slot.dropped }
    }
    return (Int(received), max(0, Int(Int32(bitPattern: dropped &- before))))
  }
}
