import Glibc
import Synchronization
import TestSupport
import Testing

@testable import mcast_peer

/// A service manager's end of sd_notify(3).
final class NotifySocket: Sendable {
  let path: String
  private let directory = TemporaryDirectory()
  private let descriptor: CInt
  private let all = Mutex<[String]>([])

  init() throws {
    path = "\(directory.path)/notify"
    descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
    let address = try #require(UnixAddress(path))
    guard address.withAddress({ bind(descriptor, $0, $1) }) == 0 else { throw Timeout(description: "no socket") }
  }

  deinit { close(descriptor) }

  /// The reports so far, a line each.
  var reports: [String] {
    var bytes = [UInt8](repeating: 0, count: 4096)
    while true {
      let count = recv(descriptor, &bytes, bytes.count, 0)
      if count <= 0 { break }
      let lines = String(decoding: bytes[..<count], as: UTF8.self).split(separator: "\n").map(String.init)
      all.withLock { $0 += lines }
    }
    return all.withLock { $0 }
  }

  func waitFor(_ report: String, count: Int = 1) async throws {
    do {
      try await eventually("\(count) times \(report)") { reports.count { $0.hasPrefix(report) } >= count }
    } catch {
      throw Timeout(description: "\(error) in\n\(reports.joined(separator: "\n"))")
    }
  }
}
