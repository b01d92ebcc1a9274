import Glibc
import MulticastDTLS

/// The service manager that started this process, and waits for its reports. Source: sd_notify(3).
struct ServiceManager: Sendable {
  /// The time within which it expects a sign of life, again and again; nil if it expects none. Source:
  /// sd_watchdog_enabled(3).
  let watchdogTime: Duration?

  private let address: UnixAddress
  private let descriptor: CInt

  /// The manager that the environment names.
  ///
  /// - Returns: Nil if there is none.
  init?() {
    func value(_ name: String) -> String? { unsafe getenv(name).map { unsafe String(cString: $0) } }
    guard let address = value("NOTIFY_SOCKET").flatMap(UnixAddress.init) else { return nil }
    descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { return nil }
    self.address = address
    let isForThisProcess = value("WATCHDOG_PID").map { $0 == "\(getpid())" } ?? true
    let microseconds = value("WATCHDOG_USEC").flatMap { UInt64($0) } ?? 0
    watchdogTime = isForThisProcess && microseconds > 0 ? .microseconds(Int64(clamping: microseconds)) : nil
  }

  /// Reports variables, such as `READY=1`.
  ///
  /// - Returns: False if the manager has too many reports to read, so that this one is lost; true also if it cannot be
  ///   reached.
  @discardableResult
  func report(_ variables: String...) -> Bool {
    let text = Array(variables.joined(separator: "\n").utf8)
    return unsafe text.withUnsafeBytes { bytes in
      unsafe address.withAddress { address, size in
        let count = unsafe sendto(
          descriptor, bytes.baseAddress, bytes.count, Int32(MSG_DONTWAIT) | Int32(MSG_NOSIGNAL), address, size)
        return count >= 0 || errno != EAGAIN
      }
    }
  }
}
