import CBaseline
import Glibc

/// The sending side of the C baseline.
@safe
final class BaselineSendingEnd: SendingEnd {
  private let socket: CInt
  private let group: sockaddr_in
  /// A wolfSSL session for each sender; empty for plain UDP.
  private let sessions: [OpaquePointer]

  /// - Parameter suite: Nil for plain UDP.
  init(_ suite: Suite?, group: GroupEndpoint, senders: Int) throws {
    socket = cbaseline_sending_socket()
    guard socket >= 0 else { throw BenchError("cannot make a sending socket: errno \(-socket)") }
    self.group = group.address
    var sessions = unsafe [OpaquePointer]()
    if let suite {
      for member in 0..<senders {
        guard
          let session = unsafe cbaseline_sending_session(
            UInt8(member), suite.rawValue, suite.code, socket, group.address)
        else { throw BenchError("wolfSSL makes no session for \(suite.rawValue)") }
        unsafe sessions.append(session)
      }
    }
    unsafe self.sessions = unsafe sessions
  }

  deinit {
    unsafe sessions.forEach { unsafe cbaseline_free_session($0) }
  }

  func send(_ payloads: [[UInt8]], as sender: Int, isBatched: Bool) throws {
    for payload in payloads {
      let result =
        unsafe sessions.isEmpty
        ? cbaseline_plain_send(socket, group, payload, payload.count)
        : cbaseline_session_send(sessions[sender], payload, payload.count)
      guard result == 0 else { throw BenchError("the C loop cannot send: \(result)") }
    }
  }
}

/// Receives with the C baseline, on a thread that ends with the process.
func receiveByBaseline(_ suite: Suite?, _ opening: Opening, into delivery: Delivery) throws {
  let socket = try makeReceivingSocket(opening.group)
  guard let suite else {
    return startThread {
      let result = unsafe cbaseline_plain_receive(socket, deliver, Unmanaged.passUnretained(delivery).toOpaque())
      stop("recv failed: \(result)")
    }
  }
  guard
    let session = unsafe cbaseline_receiving_session(
      UInt8(opening.senders + opening.number), CInt(opening.senders), suite.rawValue, suite.code, socket)
  else { throw BenchError("wolfSSL makes no session for \(suite.rawValue)") }
  unsafe receiveInC(session, "wolfSSL_mcast_read", into: delivery) { session, context in
    unsafe cbaseline_session_receive(session, deliver, context)
  }
}

/// Joins a group for a receiver in C.
func makeReceivingSocket(_ group: GroupEndpoint) throws -> CInt {
  let socket = cbaseline_receiving_socket(group.address, ReceiveBuffer.size)
  guard socket >= 0 else { throw BenchError("cannot make a receiving socket: errno \(-socket)") }
  return socket
}

/// Runs a receiver in C on a thread that ends with the process.
///
/// - Parameter receiver: A receiver that is never freed.
func receiveInC(
  _ receiver: OpaquePointer, _ call: String, into delivery: Delivery,
  _ receive: @escaping @Sendable (OpaquePointer, UnsafeMutableRawPointer) -> CInt
) {
  // As a number: a pointer is not Sendable.
  let address = Int(bitPattern: receiver)
  startThread {
    guard let receiver = unsafe OpaquePointer(bitPattern: address) else { return }
    let result = unsafe receive(receiver, Unmanaged.passUnretained(delivery).toOpaque())
    stop("\(call) failed: \(result)")
  }
}

/// The callback of the C receivers: unwraps its context, a ``Delivery``, and hands over the message.
func deliver(_ context: UnsafeMutableRawPointer?, _ bytes: UnsafePointer<UInt8>, _ count: Int) {
  guard let context = unsafe context else { return }
  let delivery = unsafe Unmanaged<Delivery>.fromOpaque(context)
  unsafe delivery._withUnsafeGuaranteedRef { unsafe $0.take(Span(_unsafeStart: bytes, count: count)) }
}

private func stop(_ reason: String) -> Never {
  fputsToStandardError("mcast-bench: \(reason)\n")
  exit(EXIT_FAILURE)
}

extension Suite {
  /// The two bytes of the suite in the TLS registry.
  var code: [UInt8] {
    switch self {
    case .wdm: [0x00, 0xFE]
    case .chaCha: [0xCC, 0xAB]
    }
  }
}

extension GroupEndpoint {
  var address: sockaddr_in {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = (0xEFFF_0000 | UInt32(low)).bigEndian
    return address
  }
}
