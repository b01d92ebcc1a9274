/// An estimate of the datagrams that the kernel dropped at our socket. Pure.
///
/// The kernel counts packet buffers. With UDP_GRO, and from a sender on the same host that uses UDP_SEGMENT, one buffer
/// holds up to 128 datagrams, and the kernel drops them as one. It does not say how many there were, so the estimate
/// uses the mean of the buffers that arrived at the time. Source: socket(7), SO_MEMINFO; udp(7), UDP_GRO.
struct KernelDrops {
  /// The exact number of buffers that the kernel dropped.
  private(set) var batches = 0
  /// The estimated number of datagrams in them: at least one in each.
  var datagrams: Int { settled + batches - settledBatches }

  private var settled = 0
  private var settledBatches = 0
  /// The arrivals at the start of the current sample.
  private var start = Arrived()

  /// A count of arrivals.
  struct Arrived {
    /// The number of buffers, and of the datagrams in them.
    var batches = 0
    var datagrams = 0
  }

  /// The number of buffers that make a sample large enough.
  private static let sample = 32

  /// Adds the counts of drops and arrivals until now.
  ///
  /// - Parameters:
  ///   - batches: The total of dropped buffers; a lower value than before changes nothing.
  ///   - isTick: True if enough time has passed to accept a smaller sample.
  mutating func count(_ batches: Int, _ arrived: Arrived, isTick: Bool) {
    self.batches = max(self.batches, batches)
    let sample = arrived.batches - start.batches
    let isEnough = sample >= Self.sample || isTick && sample > 0
    if self.batches > settledBatches {
      // A drop means that the queue is full, so buffers of the same time are about to be read: wait for that sample.
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
