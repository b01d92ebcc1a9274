import MulticastDTLS
import ServiceLifecycle

/// Sends a reading every second, until the shutdown.
struct Readings: Service {
  let peer: MulticastPeer

  func run() async throws {
    do {
      try await cancelWhenGracefulShutdown {
        try await SendTimer(interval: .seconds(1)).run { number in
          do {
            try peer.send("reading \(number)")
            return true
          } catch let error as PeerError where error.code == .system {
            // The network takes nothing now: try again in a second.
            return false
          }
        }
      }
    } catch is CancellationError {
      // The shutdown ended the timer.
    }
  }
}
