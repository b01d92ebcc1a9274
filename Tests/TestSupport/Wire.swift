import Foundation
import Glibc

@testable import MulticastDTLS

/// A socket in the group that is no member: sends any bytes, and receives every datagram.
package final class Wire: Sendable {
  private let socket: MulticastSocket

  package init(_ group: GroupAddress) throws {
    socket = try MulticastSocket(group: group, interface: loopback, timeToLive: 0)
  }

  /// The source port of its datagrams.
  package var port: UInt16 { socket.sourcePort }

  package func send(_ datagram: [UInt8]) throws {
    try datagram.withUnsafeBytes { try socket.send($0) }
  }

  /// The next datagrams, until `count` have come or nothing has come for thirty seconds.
  package func receive(_ count: Int) throws -> [[UInt8]] {
    let batch = ReceiveBatch()
    var datagrams: [[UInt8]] = []
    while datagrams.count < count {
      var ready = pollfd(fd: socket.receiveDescriptor, events: Int16(POLLIN), revents: 0)
      guard poll(&ready, 1, 30_000) > 0 else { break }
      _ = try batch.receive(from: socket) { datagram, _ in datagrams.append(Array(datagram)) }
    }
    return datagrams
  }
}
