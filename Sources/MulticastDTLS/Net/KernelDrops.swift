/// The datagrams that the kernel dropped at our socket, as well as that can be known. Pure.
///
/// The kernel counts packet buffers: with UDP_GRO, and from a sender on the same host that uses UDP_SEGMENT, one buffer holds
/// up to 128 datagrams, and it drops all of them as one. It does not say how many there were. So this is an estimate: as many
/// a buffer as in those that arrived at the time. Source: socket(7), SO_MEMINFO; udp(7), UDP_GRO.
struct KernelDrops {
  /// The buffers that the kernel dropped: exact.
  private(set) var batches = 0
  /// About how many datagrams were in them: at least one in each.
  var datagrams: Int { settled + batches - settledBatches }

  private var settled = 0
  private var settledBatches = 0
  /// The arrivals when the present stretch of time began.
  private var start = Arrived()

  /// The arrivals until now.
  struct Arrived {
    /// Buffers, and the datagrams in them.
    var batches = 0
    var datagrams = 0
  }

  /// So many buffers tell how full they are.
  private static let sample = 32

  /// Takes note of what was dropped and what arrived until now.
  ///
  /// - Parameters:
  ///   - batches: The buffers that were dropped; fewer than before changes nothing.
  ///   - isTick: Whether so much time has passed that a smaller sample must do.
  mutating func count(_ batches: Int, _ arrived: Arrived, isTick: Bool) {
    self.batches = max(self.batches, batches)
    let sample = arrived.batches - start.batches
    let isEnough = sample >= Self.sample || isTick && sample > 0
    if self.batches > settledBatches {
      // A buffer is dropped when the queue is full, so that those to tell it by are about to be read.
      guard isEnough else { return }
      let dropped = self.batches - settledBatches
      let ratio = Double(arrived.datagrams - start.datagrams) / Double(sample)
      settled += max(dropped, Int((Double(dropped) * ratio).rounded()))
      settledBatches = self.batches
      start = arrived
    } else if isTick {
      start = arrived
    }
  }
}
