internal import CDatagram
import Glibc

/// Counts the datagrams to a group that arrive on an interface, before a firewall or the kernel's own rules drop any.
/// Source: packet(7).
package final class GroupTap: Sendable {
  private let descriptor: Descriptor
  private let group: GroupAddress

  /// Starts counting; nil without CAP_NET_RAW.
  package init?(_ group: GroupAddress, on interface: NetworkInterface) {
    guard let descriptor = try? Descriptor("socket", cdatagram_tap(group.family, interface.index)) else { return nil }
    self.descriptor = descriptor
    self.group = group
  }

  /// The number of datagrams since the last call that this machine did not send, or that came back to it on loopback.
  package func count() -> Int {
    var address = group.socketAddress()
    return Int(unsafe cdatagram_tap_count(descriptor.rawValue, &address))
  }
}
