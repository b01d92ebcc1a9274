import CBenchSupport
import Glibc

/// A sending process and receiving processes with a group of their own. They idle between their cells.
final class Link {
  /// The identity of a link. Cells with the same key take turns on one link.
  struct Key: Hashable {
    var path: Path
    var receivers: Int
    /// The most senders of its cells.
    var senders: Int
    var reader = Reader.handler
  }

  private let key: Key
  private let sender: WorkerProcess
  private let receivers: [WorkerProcess]

  /// The process IDs of the sender and the first receiver, for a look at their memory.
  var processes: (sender: CInt, receiver: CInt) { (sender.process, receivers[0].process) }

  /// Starts the processes without waiting for them.
  init(_ key: Key, group: GroupEndpoint, countsAllocations: Bool = false) throws {
    self.key = key
    let shared = cbench_shared_memory(SharedCounts.size)
    guard shared >= 0 else { throw BenchError("cannot make shared memory: errno \(-shared)") }
    defer { close(shared) }
    var opening = Opening(
      path: key.path, group: group, isSender: true, senders: key.senders, receivers: key.receivers,
      reader: key.reader, countsAllocations: countsAllocations)
    sender = try WorkerProcess(shared: shared)
    try sender.order(.open(opening))
    opening.isSender = false
    receivers = try (0..<key.receivers).map { number in
      opening.number = number
      let receiver = try WorkerProcess(shared: shared, readsOnMainActor: key.reader == .topLevel)
      try receiver.order(.open(opening))
      return receiver
    }
  }

  /// Waits until all processes are ready. Call it once.
  func waitUntilReady() throws {
    for worker in [sender] + receivers { _ = try worker.answer() }
  }

  /// The reports of the processes on a load.
  struct Outcome {
    var sent: SendReport
    var received: [ReceiveReport]

    /// The messages sent and not delivered, summed over all receivers.
    var lost: Int { received.reduce(0) { $0 + sent.sent - $1.delivered } }
  }

  /// Sends a load. Calls `meanwhile` during the sending.
  func carry(_ load: Load, meanwhile: () throws -> Void = {}) throws -> Outcome {
    for receiver in receivers { try receiver.order(.begin(isTimed: load.isTimed)) }
    for receiver in receivers { _ = try receiver.answer() }
    try sender.order(.send(load))
    try meanwhile()
    guard case .sent(let sent) = try sender.answer() else { throw BenchError("a sender gave another answer") }
    for receiver in receivers { try receiver.order(.end) }
    return Outcome(
      sent: sent,
      received: try receivers.map {
        guard case .received(let report) = try $0.answer() else { throw BenchError("a receiver gave another answer") }
        return report
      })
  }
}
