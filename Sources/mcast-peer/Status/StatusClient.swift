import CommonSupport
import Glibc
import MulticastDTLS

/// Asks a running peer of this machine for its status, by its ``StatusSocket``.
struct StatusClient {
  let member: MemberID
  /// The state directory of the peer.
  let directory: String
  /// The time to wait for the answer.
  var patience = Duration.seconds(5)

  /// The most bytes of an answer: several times the largest one, of 256 members.
  private static let answerLimit = 1 << 20

  /// Asks, and waits for the answer.
  ///
  /// - Throws: ``StatusError``, or ``SystemError`` if this process has no socket left.
  func ask() throws -> (answer: StatusAnswer, process: pid_t) {
    let address = try address()
    let connection = try UnixSocket()
    let deadline = ContinuousClock.now + patience
    try connect(connection, to: address, until: deadline)
    let answering = connection.peer
    guard let answering, trusts(answering.user, address) else {
      throw StatusError.denied(
        "\(address.path) is a socket of another user (uid \(answering.map { "\($0.user)" } ?? "?")), who may answer "
          + "anything: remove it, and keep the state in a directory of your own")
    }
    guard let bytes = connection.receive(atMost: Self.answerLimit, until: deadline) else {
      throw StatusError.noAnswer(
        "member \(member), process \(answering.process), does not answer: it is stopped, or hangs (see kill -CONT)")
    }
    // Only another user is refused; see StatusSocket.
    if bytes.isEmpty, [0, answering.user].contains(geteuid()) {
      throw StatusError.noAnswer("member \(member), process \(answering.process), has ended: start it again")
    }
    guard !bytes.isEmpty else {
      throw StatusError.denied(
        "member \(member) does not answer uid \(geteuid()): ask as its user, uid \(answering.user), or as root")
    }
    guard let answer = StatusAnswer(bytes: bytes) else {
      throw StatusError.noAnswer(
        "member \(member), process \(answering.process), has ended during its answer, or is of another version, whose "
          + "answer this one cannot read: ask again, or with that version (ls -l /proc/\(answering.process)/exe)")
    }
    return (answer, answering.process)
  }

  private func address() throws -> SocketFile {
    do {
      return try SocketFile(StatusSocket.name(of: member), in: directory)
    } catch {
      switch error.errno {
      case .noSuchFileOrDirectory: throw noSocket
      case .permissionDenied: throw denied
      default: throw StatusError.noAnswer("cannot open the state directory \(directory.visible): \(error.errno)")
      }
    }
  }

  /// Connects. A full queue of connections is tried again until the deadline.
  private func connect(
    _ connection: UnixSocket, to address: SocketFile, until deadline: ContinuousClock.Instant
  ) throws {
    while true {
      switch connection.connect(to: address) {
      case 0: return
      case ENOENT: throw noSocket
      case EACCES, EPERM: throw denied
      case ECONNREFUSED where address.isOther:
        throw StatusError.noAnswer(
          "\(address.path) is no socket, so that member \(member) cannot be asked: remove it, and restart the member")
      case ECONNREFUSED:
        throw StatusError.noAnswer(
          "member \(member) does not run: \(address.path) is left from a process that was killed: start it again")
      case EAGAIN, EINTR:
        guard ContinuousClock.now < deadline else {
          throw StatusError.noAnswer("member \(member) does not answer, and others wait: it is stopped, or hangs")
        }
      case let code: throw StatusError.noAnswer("cannot ask at \(address.path): \(SystemError("connect", code))")
      }
    }
  }

  /// True for a server of this user or root. For root, also of the owner of the directory.
  private func trusts(_ user: uid_t, _ address: SocketFile) -> Bool {
    user == geteuid() || user == 0 || geteuid() == 0 && user == address.directoryUser
  }

  private var noSocket: StatusError {
    .noAnswer(
      "no peer with member ID \(member) runs with its state in \(directory.visible): start it, or give its --state-dir, or "
        + "--service \(member) for that of the service (a peer without a state, or whose socket was removed, cannot be "
        + "asked)")
  }

  private var denied: StatusError {
    .denied(
      "uid \(geteuid()) may not ask member \(member) in \(directory.visible): ask as the user of the peer, or as root")
  }
}
