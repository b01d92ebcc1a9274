import Dispatch
import Glibc
import Logging
import MulticastDTLS
import Synchronization

/// The socket beside a member's state, by which `status --of` asks a running peer.
///
/// 1. A process connects. It must be of this peer's user or root; another one gets no answer.
/// 2. The peer sends its ``StatusAnswer``, and closes the connection.
///
/// One connection is served at a time, on a queue of its own, and gets a second at most: no process delays the peer.
final class StatusSocket: Sendable {
  private let source: StatusSource
  private let listener: UnixSocket
  private let address: SocketFile
  /// Nil once it was closed.
  private let service: Mutex<Service?>

  /// The connections that wait for their turn.
  private static let backlog: CInt = 256
  /// The time to answer one process.
  private static let answerTime = Duration.seconds(1)

  private struct Service {
    /// Calls back for each connection.
    let arrivals: any DispatchSourceRead
    /// The file of the socket.
    let file: SocketFile.File?
  }

  /// There is no socket, for this reason.
  struct Unusable: Error, CustomStringConvertible {
    let description: String
  }

  /// The name of a member's socket in its state directory.
  static func name(of member: MemberID) -> String { "\(member).status" }

  /// Makes the socket of a peer, or logs why there is none. A peer without a state has none.
  static func open(for peer: MulticastPeer, _ source: StatusSource, _ logger: Logger) -> StatusSocket? {
    guard let member = peer.configuration.member, let directory = peer.configuration.state, peer.statePath != nil else {
      return nil
    }
    do {
      return try StatusSocket(name(of: member), in: directory.description, source)
    } catch {
      logger.warning("'\(CommandTree.name) status --of \(member)' cannot ask this peer: \(error)")
      return nil
    }
  }

  /// Makes a socket that only the owner can use, and replaces one that a killed process left.
  ///
  /// - Throws: ``SystemError`` or ``Unusable``.
  init(_ name: String, in directory: String, _ source: StatusSource) throws {
    self.source = source
    address = try SocketFile(name, in: directory)
    try Self.removeLeftover(at: address)
    listener = try UnixSocket()
    // Before it has a name, so that nobody else can connect first. The file gets the mode of the socket.
    guard fchmod(listener.descriptor, 0o600) == 0 else { throw SystemError("fchmod", errno) }
    let code = unsafe address.call { [listener] in unsafe bind(listener.descriptor, $0, $1) }
    guard code == 0 else { throw SystemError("bind \(address.path)", code) }
    guard listen(listener.descriptor, Self.backlog) == 0, fcntl(listener.descriptor, F_SETFL, O_NONBLOCK) == 0 else {
      let code = errno
      address.remove()
      throw SystemError("listen", code)
    }
    let arrivals = DispatchSource.makeReadSource(
      fileDescriptor: listener.descriptor, queue: DispatchQueue(label: "mcast-peer.status"))
    // The source holds the listener until it is cancelled.
    arrivals.setEventHandler { [listener, source] in Self.serve(listener, source) }
    arrivals.activate()
    service = Mutex(Service(arrivals: arrivals, file: address.file))
  }

  deinit {
    close()
  }

  private static func removeLeftover(at address: SocketFile) throws {
    guard let file = address.file else { return }
    guard file.isSocket else { throw Unusable(description: "\(address.path) is no socket: remove it") }
    let client = try UnixSocket()
    switch client.connect(to: address) {
    case ECONNREFUSED: address.remove()
    case ENOENT: break
    case 0:
      let holder = client.peer.map { "process \($0.process)" } ?? "another process"
      throw Unusable(description: "\(holder) answers at \(address.path): give one of the two another --state-dir")
    case let code: throw SystemError("connect \(address.path)", code)
    }
  }

  private static func serve(_ listener: UnixSocket, _ source: StatusSource) {
    while let connection = listener.accept() {
      guard let user = connection.peer?.user, user == geteuid() || user == 0 else { continue }
      _ = connection.send(StatusAnswer(source.report).bytes, until: .now + answerTime)
    }
  }

  /// Records an event of the peer.
  func reported(_ event: PeerEvent) { source.reported(event) }

  /// Records the current statistics. Call it about once a second.
  func update() { source.update() }

  /// Stops answering, and removes the file, unless another process has replaced it. Again changes nothing.
  func close() {
    let file = service.withLock { service in
      service?.arrivals.cancel()
      return service.take()?.file
    }
    // Not under the lock: where the disk hangs, a second call must return.
    if let file, address.file == file { address.remove() }
  }
}
