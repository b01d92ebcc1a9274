import CBaseline
import Glibc

/// How much may wait in a socket, the same for all methods.
enum ReceiveBuffer {
  /// What all ask for, in bytes.
  static let size: CInt = 4 << 20
  /// What the kernel counts for one small datagram, at most.
  private static let datagramCost = 2304
  /// Two milliseconds of what the fastest method sends: more than another process of the machine holds up a side for.
  private static let largestWindow = 2048

  /// How many messages may be on their way without a loss, by what the kernel grants here.
  static var window: Int {
    let descriptor = socket(AF_INET, CInt(SOCK_DGRAM.rawValue), 0)
    guard descriptor >= 0 else { return Plan.largestBurst }
    defer { close(descriptor) }
    let granted = Int(cbaseline_set_receive_buffer(descriptor, size))
    return max(Plan.largestBurst, min(largestWindow, granted / datagramCost))
  }
}
