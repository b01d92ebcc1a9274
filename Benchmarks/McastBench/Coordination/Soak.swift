import CBenchSupport
import FoundationEssentials
import Glibc

/// A long run at 80 % of the top rate, without loss and without growth of memory.
struct Soak {
  var method: Method
  var seconds: Double

  /// Measures the top rate, then sends.
  func run() throws -> SoakReport {
    var links = Links()
    let link = try links.make(
      Link.Key(path: method.path, receivers: 1, senders: 1), countsAllocations: true)
    try link.waitUntilReady()
    var load = Load(
      Cell(method: method), seconds: min(3, seconds / 5), window: ReceiveBuffer.window)
    let top = try link.carry(load)
    let topRate = Double(top.sent.sent) / top.sent.seconds

    load.seconds = seconds
    load.rate = topRate * 0.8
    var resident: (sender: [Int], receiver: [Int]) = ([], [])
    let outcome = try link.carry(load) {
      let start = cbench_now()
      for second in 1...max(1, Int(seconds)) {
        // Slightly early, so that the last sample is taken before the last message, as the others are.
        cbench_sleep_until(start + UInt64(Double(second) * 1e9 - 0.1e9))
        resident.sender.append(try Self.residentBytes(of: link.processes.sender))
        resident.receiver.append(try Self.residentBytes(of: link.processes.receiver))
      }
    }
    return SoakReport(
      method: method, seconds: outcome.sent.seconds, topMessagesPerSecond: topRate, sent: outcome.sent.sent,
      lost: outcome.lost, isCounting: cbench_can_count_allocations() != 0,
      sender: .init(residentBytes: resident.sender, allocations: outcome.sent.allocations),
      receiver: .init(residentBytes: resident.receiver, allocations: outcome.received[0].allocations))
  }

  /// The resident memory of a process. Source: proc(5), /proc/pid/statm, the second number, in pages.
  private static func residentBytes(of process: CInt) throws -> Int {
    let text = try String(contentsOfFile: "/proc/\(process)/statm", encoding: .utf8)
    let numbers = text.split(separator: " ")
    guard numbers.count > 1, let pages = Int(numbers[1]) else { throw BenchError("cannot read a process's memory") }
    return pages * sysconf(Int32(_SC_PAGESIZE))
  }
}
