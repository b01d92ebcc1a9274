internal import CDatagram
import Glibc

/// The buffers for a batch of datagrams. The receive loop has one and reuses it.
@safe
struct ReceiveBatch: ~Copyable {
  /// The size of a slot: the largest UDP datagram, or as many datagrams as the kernel coalesces. Not a power of two:
  /// then the slots' first bytes, which are read most, would share a few cache lines.
  private static let slotSize = 65_535 + 577

  private let storage: UnsafeMutableBufferPointer<UInt8>
  private let slots: UnsafeMutableBufferPointer<cdatagram_slot>

  /// Allocates slots for one receive call. The system provides memory only for slots that are used.
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

  /// Receives the datagrams that are ready now, and lends each to the body, with its source and the number of its
  /// incoming interface. Source: recvmmsg(2), udp(7).
  ///
  /// - Parameter state: The state of the body. A closure that captures it instead costs more than the work on it.
  /// - Returns: The number of datagrams.
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
    // The next poll reports further datagrams.
    if received == -EAGAIN { return 0 }
    guard received >= 0 else { throw SystemError("recvmmsg", -received) }
    var taken = 0
    for index in 0..<Int(received) {
      let slot = unsafe slots[index]
      guard let source = unsafe slot.source.endpoint, unsafe socket.isAddressedToGroup(slot) else {
        // It counts, since more may be ready.
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
