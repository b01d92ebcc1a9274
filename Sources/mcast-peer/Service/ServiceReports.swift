import Glibc
import MulticastDTLS

/// Reports of a running peer to the service manager: that it is ready, its status, its reloads, and signs of life as long
/// as the receive thread works. Does nothing without a service manager.
struct ServiceReports: Sendable {
  let manager: ServiceManager?
  let peer: MulticastPeer
  let members: CurrentMembers
  let unusable: UnusableFiles

  /// The time between two looks at the status.
  private static let pause = Duration.seconds(1)
  /// The tries to report the end of a reload, and the pause between two.
  private static let tries = 100
  private static let shortPause = Duration.milliseconds(50)
  /// The longest time without a tick of the receive thread that a working peer can have.
  private static let longestTick = Duration.seconds(3)

  /// Reports that the peer is ready, and from then on its status and its life, until the task is cancelled.
  func run() async {
    guard let manager else { return }
    var reported: String?
    let watchdogPause = manager.watchdogTime.map { max($0 / 2, Self.shortPause) }
    repeat {
      let status = self.status
      if status != reported, manager.report(reported == nil ? "READY=1\nSTATUS=\(status)" : "STATUS=\(status)") {
        reported = status
      }
      if let watchdogPause, peer.timeSinceTick < max(watchdogPause, Self.longestTick) { manager.report("WATCHDOG=1") }
    } while (try? await Task.sleep(for: min(Self.pause, watchdogPause ?? Self.pause))) != nil
  }

  /// Reports a reload while `body` runs.
  func reloading<Value>(_ body: () async -> Value) async -> Value {
    manager?.report("RELOADING=1", "MONOTONIC_USEC=\(Self.monotonicMicroseconds)")
    let value = await body()
    // Without this report, the manager waits for the end of the reload.
    var tries = 0
    while let manager, !manager.report("READY=1"), tries < Self.tries {
      tries += 1
      try? await Task.sleep(for: Self.shortPause)
    }
    return value
  }

  /// Reports that the peer is about to end.
  func stopping() {
    manager?.report("STOPPING=1")
  }

  /// The status in a sentence, as `systemctl status` shows it.
  var status: String {
    let heard = peer.statistics.members.filter { $0.value.epoch != nil && !$0.value.isSilent }
    let others = members.value.awaited(at: peer.configuration.member)
    let count =
      others.isEmpty
      ? "\(heard.count) member\(heard.count == 1 ? "" : "s") heard"
      : "\(others.count { heard[$0] != nil }) of \(others.count) members heard"
    let files = unusable.value.keys.map(\.rawValue).sorted().joined(separator: " and ")
    return "\(count), key ID \(peer.keyIDs[0])" + (files.isEmpty ? "" : "; the \(files) on disk cannot be used")
  }

  private static var monotonicMicroseconds: Int {
    var time = timespec()
    unsafe clock_gettime(CLOCK_MONOTONIC, &time)
    return time.tv_sec * 1_000_000 + time.tv_nsec / 1000
  }
}
