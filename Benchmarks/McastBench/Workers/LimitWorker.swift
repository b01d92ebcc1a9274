import CBaseline

/// The sending side of the fastest C program.
@safe
final class LimitSendingEnd: SendingEnd {
  /// One C object per sending member.
  private let senders: [OpaquePointer]

  init(_ suite: Suite, group: GroupEndpoint, senders: Int) throws {
    let socket = cbaseline_sending_socket()
    guard socket >= 0 else { throw BenchError("cannot make a sending socket: errno \(-socket)") }
    unsafe self.senders = try unsafe (0..<senders).map { member in
      guard
        let sender = unsafe cbaseline_limit_sender(
          UInt8(member), suite.rawValue, suite.code, socket, group.address)
      else { throw BenchError("wolfSSL or libcrypto refuses \(suite.rawValue)") }
      return unsafe sender
    }
  }

  deinit {
    unsafe senders.forEach { unsafe cbaseline_free_limit($0) }
  }

  func send(_ payloads: [[UInt8]], as sender: Int, isBatched: Bool) throws {
    for payload in payloads {
      let result = unsafe cbaseline_limit_write(senders[sender], payload, payload.count)
      guard result == 0 else { throw BenchError("the lean C program cannot seal: \(result)") }
    }
    let result = unsafe cbaseline_limit_flush(senders[sender])
    guard result == 0 else { throw BenchError("the lean C program cannot send: errno \(-result)") }
  }
}

/// Receives with the fastest C program, on a thread that ends with the process.
func receiveByLimit(_ suite: Suite, _ opening: Opening, into delivery: Delivery) throws {
  let socket = try makeReceivingSocket(opening.group)
  guard
    let receiver = unsafe cbaseline_limit_receiver(
      UInt8(opening.senders + opening.number), CInt(opening.senders), suite.rawValue, suite.code, socket)
  else { throw BenchError("wolfSSL or libcrypto refuses \(suite.rawValue)") }
  unsafe receiveInC(receiver, "wolfSSL_mcast_read", into: delivery) { receiver, context in
    unsafe cbaseline_limit_receive(receiver, deliver, context)
  }
}
