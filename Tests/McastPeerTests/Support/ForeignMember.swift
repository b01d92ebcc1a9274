import TestSupport

extension PeerProcess {
  /// A program that joins 239.255.0.1 and reads nothing, as a media server may. It prints a line when it has joined.
  ///
  /// - Parameter address: The address of the interface to join on.
  static func foreignMember(on address: String, in namespace: Namespace) throws -> PeerProcess {
    let program = """
      import socket, time
      s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
      request = socket.inet_aton('239.255.0.1') + socket.inet_aton('\(address)')
      s.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, request)
      print('joined', flush=True)
      time.sleep(3600)
      """
    return try PeerProcess([], namespace: namespace, shell: "exec python3 -c \"\(program)\"")
  }
}
