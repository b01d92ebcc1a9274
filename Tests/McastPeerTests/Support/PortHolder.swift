import Foundation
import TestSupport

extension PeerProcess {
  /// A program that binds port 12345 of a namespace exclusively, and then prints "bound".
  static func holdingPort(_ family: Family, in namespace: Namespace) throws -> PeerProcess {
    let (kind, any) = family == .ipv4 ? ("AF_INET", "0.0.0.0") : ("AF_INET6", "::")
    let program = """
      import socket, time
      s = socket.socket(socket.\(kind), socket.SOCK_DGRAM)
      s.bind(('\(any)', 12345))
      print('bound', flush=True)
      time.sleep(3600)
      """
    // With exec, the killed process is the program itself, and no shell stays between.
    return try PeerProcess([], namespace: namespace, shell: "exec python3 -c \"\(program)\"")
  }
}
