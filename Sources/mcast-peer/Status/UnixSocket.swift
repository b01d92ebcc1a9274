import Glibc
import MulticastDTLS

/// A stream socket between processes of this machine, closed with its last reference. Source: unix(7).
final class UnixSocket: Sendable {
  let descriptor: CInt

  /// Opens a socket, closed on exec.
  ///
  /// - Throws: ``SystemError`` if there is none left, or this process may not use such sockets.
  convenience init() throws(SystemError) {
    try self.init("socket", socket(AF_UNIX, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0))
  }

  /// Takes the descriptor that a call returned.
  init(_ call: String, _ descriptor: CInt) throws(SystemError) {
    guard descriptor >= 0 else { throw SystemError(call, errno) }
    self.descriptor = descriptor
  }

  deinit {
    close(descriptor)
  }

  /// The process at the other end: of a connection that this process accepted, the one that connected; else the one that
  /// listens. Source: unix(7), SO_PEERCRED.
  var peer: (process: pid_t, user: uid_t)? {
    // struct ucred, which the module Glibc leaves out.
    var credentials: (process: pid_t, user: uid_t, group: gid_t) = (0, 0, 0)
    var size = socklen_t(MemoryLayout.size(ofValue: credentials))
    guard unsafe getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &credentials, &size) == 0 else { return nil }
    return (credentials.process, credentials.user)
  }

  /// Connects, and waits for at most a second if others wait already.
  ///
  /// - Returns: The value of errno: 0; or `ECONNREFUSED` if no process listens.
  func connect(to address: SocketFile) -> CInt {
    setTimeout(SO_SNDTIMEO, seconds: 1)
    return unsafe address.call { unsafe Glibc.connect(descriptor, $0, $1) }
  }

  /// Accepts the connection that has waited longest. Source: accept(2).
  ///
  /// - Returns: Nil if none waits, or there is no descriptor left.
  func accept() -> UnixSocket? {
    try? UnixSocket("accept", Glibc.accept(descriptor, nil, nil))
  }

  /// Sends bytes, and gives up at the deadline, or if the reader is gone.
  ///
  /// - Returns: True if all were sent.
  func send(_ bytes: [UInt8], until deadline: ContinuousClock.Instant) -> Bool {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = unsafe rest.withUnsafeBytes {
        unsafe Glibc.send(descriptor, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL | MSG_DONTWAIT))
      }
      if count >= 0 {
        rest = rest.dropFirst(count)
      } else if errno != EINTR {
        guard errno == EAGAIN, wait(for: POLLOUT, until: deadline) else { return false }
      }
    }
    return true
  }

  /// Receives bytes until the other end closes the connection, or has sent more than the limit.
  ///
  /// - Returns: Nil if neither happened by the deadline.
  func receive(atMost limit: Int, until deadline: ContinuousClock.Instant) -> [UInt8]? {
    var (bytes, buffer) = ([UInt8](), [UInt8](repeating: 0, count: 65_536))
    while bytes.count <= limit {
      let count = unsafe recv(descriptor, &buffer, buffer.count, CInt(MSG_DONTWAIT))
      // A reset: the other end has closed without reading what it was sent.
      if count == 0 || count < 0 && errno == ECONNRESET { return bytes }
      if count > 0 {
        bytes += buffer.prefix(count)
      } else if errno != EINTR {
        guard errno == EAGAIN, wait(for: POLLIN, until: deadline) else { return nil }
      }
    }
    return bytes
  }

  /// Waits for an event of poll(2).
  ///
  /// - Returns: False once the deadline has passed.
  private func wait(for event: CInt, until deadline: ContinuousClock.Instant) -> Bool {
    let left = (deadline - .now) / .milliseconds(1)
    guard left > 0 else { return false }
    var awaited = pollfd(fd: descriptor, events: Int16(event), revents: 0)
    return unsafe poll(&awaited, 1, CInt(min(left.rounded(.up), 1e6))) != 0
  }

  private func setTimeout(_ option: CInt, seconds: Int) {
    var time = timeval(tv_sec: seconds, tv_usec: 0)
    unsafe setsockopt(descriptor, SOL_SOCKET, option, &time, socklen_t(MemoryLayout.size(ofValue: time)))
  }
}
