// A fixture that is wrong stops the tests.
// swift-format-ignore-file: NeverForceUnwrap, NeverUseForceTry

import MulticastDTLS
import Synchronization

/// A group and port of a test's own, so that tests can run at the same time, also beside somebody else's peers.
///
/// Administratively scoped (RFC 2365), and below the ports that the kernel hands out by itself.
package func makeTestGroup() -> GroupAddress {
  let number = counter.wrappingAdd(1, ordering: .relaxed).newValue
  let port = 10_000 + (start + number) % 20_000
  return try! GroupAddress("239.255.\(UInt8.random(in: 1...254)).\(UInt8.random(in: 1...254)):\(port)")
}

private let start = Int.random(in: 0..<20_000)
private let counter = Atomic(0)

/// The loopback interface, the only one that tests send on outside a namespace of their own.
package var loopback: NetworkInterface { try! NetworkInterface("lo") }
