// An invalid fixture stops the tests.
// swift-format-ignore-file: NeverForceUnwrap, NeverUseForceTry

import MulticastDTLS
import Synchronization

/// A separate group and port for each test, so that tests can run at the same time, also beside other peers.
///
/// The group is administratively scoped (RFC 2365); the port is below the kernel's ephemeral ports.
package func makeTestGroup() -> GroupAddress {
  let number = counter.wrappingAdd(1, ordering: .relaxed).newValue
  let port = 10_000 + (start + number) % 20_000
  return try! GroupAddress("239.255.\(UInt8.random(in: 1...254)).\(UInt8.random(in: 1...254)):\(port)")
}

private let start = Int.random(in: 0..<20_000)
private let counter = Atomic(0)

/// The loopback interface. Tests outside a network namespace of their own send on no other.
package var loopback: NetworkInterface { try! NetworkInterface("lo") }
