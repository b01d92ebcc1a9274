import CBaseline
import Glibc

/// The receive buffer of the sockets, the same for all methods.
enum ReceiveBuffer {
  /// The requested size in bytes.
  static let size: CInt = 4 << 20
  /// The most bytes of the buffer that the kernel counts for one small datagram.
  private static let datagramCost = 2304
  /// The messages of the fastest method in 2 ms, longer than other processes usually preempt one side.
  private static let largestWindow = 2048

  /// The most messages in flight without loss, given the size that the kernel grants.
  static var window: Int {
    let descriptor = socket(AF_INET, CInt(SOCK_DGRAM.rawValue), 0)
    guard descriptor >= 0 else { return Plan.largestBurst }
    defer { close(descriptor) }
    let granted = Int(cbaseline_set_receive_buffer(descriptor, size))
    return max(Plan.largestBurst, min(largestWindow, granted / datagramCost))
  }
}
