/// The records of the messages that the network took, in the order of the messages.
public struct SendReceipt: Hashable, Sendable {
  /// The number of a record on the wire.
  public struct Number: Hashable, Sendable {
    /// The epoch of the record.
    public let epoch: Epoch
    /// The sequence of the record in that epoch.
    public let sequence: UInt64
  }

  /// Records of one batch.
  private struct Run: Hashable, Sendable {
    let epoch: Epoch
    let sequences: Range<UInt64>
  }

  /// The number of messages that the network took.
  public private(set) var count = 0
  /// The kernel's number of the interface that they left by.
  public let interface: UInt32

  private var first: Run?
  /// Further batches; most calls have none, so that nothing is allocated.
  private var others: [Run] = []

  init(interface: UInt32) {
    self.interface = interface
  }

  /// Adds the first records of a batch.
  mutating func add(_ count: Int, epoch: Epoch, from sequence: UInt64) {
    guard count > 0 else { return }
    self.count += count
    let run = Run(epoch: epoch, sequences: sequence..<(sequence + UInt64(count)))
    if first == nil { first = run } else { others.append(run) }
  }

  /// The numbers of the records.
  public var numbers: [Number] {
    ((first.map { [$0] } ?? []) + others).flatMap { run in run.sequences.map { Number(epoch: run.epoch, sequence: $0) }
    }
  }
}
