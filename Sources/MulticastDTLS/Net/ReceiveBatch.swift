import CDatagram
import Glibc

/// The buffers for a batch of datagrams; the receive loop has one and uses it again and again.
@safe
struct ReceiveBatch: ~Copyable {
  /// Room for the largest UDP datagram, or for as many as the kernel joins. Not a power of two: the slots' first bytes,
  /// which are read most, would share a few lines of the processor's cache.
  private static let slotSize = 65_535 + 577

  private let storage: UnsafeMutableBufferPointer<UInt8>
  private let slots: UnsafeMutableBufferPointer<cdatagram_slot>

  /// Allocates room for as many datagrams as one call receives. Memory that nothing arrives in is never touched.
  init() {
    let count = Int(CDATAGRAM_BATCH)
    unsafe storage = .allocate(capacity: count * Self.slotSize)
    unsafe slots = .allocate(capacity: count)
    for index in 0..<count {
      unsafe slots.initializeElement(
        at: index,
        to: cdatagram_slot(
          bytes: unsafe storage.baseAddress.unsafelyUnwrapped + index * Self.slotSize,
          capacity: UInt32(Self.slotSize),
          count: 0,
          segment: 0,
          interface: 0,
          source: SocketAddress(),
          destination: SocketAddress()
        )
      )
    }
  }

  deinit {
    unsafe slots.deallocate()
    unsafe storage.deallocate()
  }

  /// Receives what is ready now and hands over each datagram, lent for the call, with where it came from and the number of
  /// the interface that it came in by. Source: recvmmsg(2), udp(7).
  ///
  /// - Parameter state: Where the body keeps what it has; a closure that captures it costs more than what is done with it.
  /// - Returns: How many datagrams there were.
  /// - Throws: ``SystemError`` if the socket reports an error.
  borrowing func receive<State: ~Copyable>(
    from socket: MulticastSocket, into state: inout State,
    _ body: (inout State, UnsafeBufferPointer<UInt8>, Endpoint, UInt32) -> Void
  ) throws(SystemError) -> Int {
    let received = unsafe cdatagram_receive(
      socket.receiveDescriptor,
      slots.baseAddress.unsafelyUnwrapped,
      UInt32(slots.count)
    )
    // Another poll tells whether there is more.
    if received == -EAGAIN { return 0 }
    guard received >= 0 else { throw SystemError("recvmmsg", -received) }
    var taken = 0
    for index in 0..<Int(received) {
      let slot = unsafe slots[index]
      guard let source = unsafe slot.source.endpoint, unsafe socket.isAddressedToGroup(slot) else {
        // It was there, so that there may be more.
        taken += 1
        continue
      }
      let count = unsafe Int(slot.count)
      let segment = unsafe slot.segment == 0 ? max(1, count) : Int(slot.segment)
      var start = 0
      repeat {
        let size = min(segment, count - start)
        unsafe body(&state, UnsafeBufferPointer(start: slot.bytes + start, count: size), source, slot.interface)
        start += size
        taken += 1
      } while start < count
    }
    socket.arrived(batches: Int(received), datagrams: taken)
    return taken
  }
}
