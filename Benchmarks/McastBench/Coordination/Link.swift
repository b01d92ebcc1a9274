import CBenchSupport
import Glibc

/// A sending process and receiving processes with a group of their own, which wait until it is their turn.
final class Link {
  /// Which links there are; cells with the same key take turns on one link.
  struct Key: Hashable {
    var path: Path
    var receivers: Int
    /// How many senders there are at most.
    var senders: Int
  }

  private let key: Key
  private let sender: WorkerProcess
  private let receivers: [WorkerProcess]

  /// The processes, to look at their memory: the sender's and the first receiver's.
  var processes: (sender: CInt, receiver: CInt) { (sender.process, receivers[0].process) }

  /// Starts the processes, and does not wait until they are ready.
  init(_ key: Key, group: GroupEndpoint, countsAllocations: Bool = false) throws {
    self.key = key
    let shared = cbench_shared_memory(SharedCounts.size)
    guard shared >= 0 else { throw BenchError("cannot make shared memory: errno \(-shared)") }
    defer { close(shared) }
    var opening = Opening(
      path: key.path, group: group, isSender: true, senders: key.senders, receivers: key.receivers,
      countsAllocations: countsAllocations)
    sender = try WorkerProcess(shared: shared)
    try sender.order(.open(opening))
    opening.isSender = false
    receivers = try (0..<key.receivers).map { number in
      opening.number = number
      let receiver = try WorkerProcess(shared: shared)
      try receiver.order(.open(opening))
      return receiver
    }
  }

  /// Waits until all processes are ready; to be called once.
  func waitUntilReady() throws {
    for worker in [sender] + receivers { _ = try worker.answer() }
  }

  /// What the processes of a link say after messages were sent.
  struct Outcome {
    var sent: SendReport
    var received: [ReceiveReport]

    /// What one of the receivers did not take, of all receivers together.
    var lost: Int { received.reduce(0) { $0 + sent.sent - $1.delivered } }
  }

  /// Sends a load; `meanwhile` is called while it is on its way.
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
