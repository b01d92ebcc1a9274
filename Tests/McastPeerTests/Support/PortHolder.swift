import Foundation
import TestSupport

extension PeerProcess {
  /// A program that has port 12345 of a namespace for itself, and prints "bound" when it does.
  static func holdingPort(_ family: Family, in namespace: Namespace) throws -> PeerProcess {
    let (kind, any) = family == .ipv4 ? ("AF_INET", "0.0.0.0") : ("AF_INET6", "::")
    let program = """
      import socket, time
      s = socket.socket(socket.\(kind), socket.SOCK_DGRAM)
      s.bind(('\(any)', 12345))
      print('bound', flush=True)
      time.sleep(3600)
      """
    // It is killed with the last reference: no other process is between.
    return try PeerProcess([], namespace: namespace, shell: "exec python3 -c \"\(program)\"")
  }
}
