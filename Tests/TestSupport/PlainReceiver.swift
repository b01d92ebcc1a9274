import Glibc

@testable import MulticastDTLS

/// A receiver as an ordinary program has it: one `recv` for each datagram, without batches.
package final class PlainReceiver: Sendable {
  private let descriptor: CInt

  package init(_ group: GroupAddress) throws {
    descriptor = socket(AF_INET, CInt(SOCK_DGRAM.rawValue), 0)
    var (one, size) = (CInt(1), CInt(4 << 20))
    setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &one, 4)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &size, 4)
    var timeout = timeval(tv_sec: 30, tv_usec: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
    var address = group.socketAddress()
    try system("bind") {
      withUnsafePointer(to: &address.any) { bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
    }
    var request = ip_mreqn(
      imr_multiaddr: group.address.inAddr, imr_address: in_addr(), imr_ifindex: CInt(loopback.index))
    try system("setsockopt") {
      setsockopt(descriptor, CInt(IPPROTO_IP), IP_ADD_MEMBERSHIP, &request, socklen_t(MemoryLayout<ip_mreqn>.size))
    }
  }

  deinit {
    close(descriptor)
  }

  /// The next datagrams, until `count` have come or nothing has come for thirty seconds.
  package func receive(_ count: Int) -> [[UInt8]] {
    var datagrams: [[UInt8]] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while datagrams.count < count {
      let received = recv(descriptor, &buffer, buffer.count, 0)
      guard received >= 0 else { break }
      datagrams.append(Array(buffer[..<received]))
    }
    return datagrams
  }
}
