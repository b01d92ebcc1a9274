import Glibc

@testable import MulticastDTLS

/// Sends to a group over loopback as fast as it is called, and receives nothing. It waits while a receiver's queue is
/// nearly full, so that kernel drops do not hide a fault of the receiver.
package final class FloodSocket {
  /// The number of datagrams sent.
  package private(set) var sent = 0

  private let socket: Descriptor
  private var address: SocketAddress
  private let queue: ReceiveQueue?
  /// An estimate of the bytes added to the queue since its length was last read.
  private var unseen = 0

  /// A small datagram takes some 800 bytes of the queue, and the kernel's own count lags by up to a quarter of the
  /// queue. A third, this limit and a quarter together stay well below the whole queue.
  private static let unseenLimit = 40_000

  /// - Parameter queue: The queue that must not overflow; nil sends without waiting.
  package init(_ group: GroupAddress, sparing queue: ReceiveQueue? = nil) throws {
    self.queue = queue
    address = group.socketAddress()
    socket = try .udpSocket()
    let interface = ip_mreqn(imr_multiaddr: in_addr(), imr_address: in_addr(), imr_ifindex: CInt(loopback.index))
    try socket.setOption(IPPROTO_IP, IP_MULTICAST_IF, "IP_MULTICAST_IF", to: interface)
    try socket.setOption(IPPROTO_IP, IP_MULTICAST_TTL, "IP_MULTICAST_TTL", to: CInt(0))
  }

  package func send(_ datagram: UnsafeRawBufferPointer) throws {
    if let queue, unseen > Self.unseenLimit {
      while try queue.used() > ReceiveQueue.size / 3 { usleep(200) }
      unseen = 0
    }
    let result = withUnsafePointer(to: &address.any) {
      sendto(socket.rawValue, datagram.baseAddress, datagram.count, 0, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
    }
    guard result == datagram.count else { throw SystemError("sendto", errno) }
    sent += 1
    unseen += datagram.count + 1000
  }

  package func send(_ datagram: [UInt8]) throws {
    try datagram.withUnsafeBytes { try send($0) }
  }
}
