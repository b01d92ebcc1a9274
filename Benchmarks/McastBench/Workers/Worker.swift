import CBenchSupport
import FoundationEssentials
import Glibc
import MulticastDTLS

/// The body of a worker process: sends, receives or seals by orders on its standard input.
final class Worker {
  /// The inherited descriptor of the memory that the processes of a link share.
  static let sharedDescriptor: CInt = 3

  private let counts: SharedCounts
  private var sending: (end: any SendingEnd, receivers: Int)?
  private var delivery: Delivery?
  /// The receiver of the library, which receives until it is released.
  private var peer: MulticastPeer?
  private var memory: [MemoryCell: LibraryMemory] = [:]
  /// The counters at the order ``Order/begin(isTimed:)``.
  private var before = (delivered: UInt64(0), microseconds: 0.0, allocations: Allocations(all: 0, wolfSSL: 0))

  init() throws {
    counts = try SharedCounts(descriptor: Self.sharedDescriptor)
  }

  /// Executes orders until the coordinator closes the pipe.
  func run() throws {
    cbench_make_sleeps_exact()
    while let line = readLine() {
      let answer: Answer
      do {
        answer = try execute(JSONDecoder().decode(Order.self, from: Data(line.utf8)))
      } catch {
        answer = .failed("\(error)")
      }
      try JSONLine.write(answer, to: STDOUT_FILENO)
    }
  }

  private func execute(_ order: Order) throws -> Answer {
    switch order {
    case .open(let opening):
      try open(opening)
      return .ready
    case .begin(let isTimed):
      delivery?.begin(isTimed: isTimed)
      before = (delivery?.delivered ?? 0, processMicroseconds(), .now)
      return .ready
    case .send(let load):
      guard let sending else { throw BenchError("this worker does not send") }
      var run = SendRun(sending.end, load, counts: counts, receivers: sending.receivers)
      return .sent(try run.run())
    case .end:
      let (microseconds, allocations) = (processMicroseconds(), Allocations.now)
      guard let delivery else { throw BenchError("this worker does not receive") }
      return .received(
        ReceiveReport(
          delivered: Int(delivery.delivered - before.delivered), microseconds: microseconds - before.microseconds,
          latency: delivery.latency, allocations: allocations - before.allocations))
    case .memory(let cell, let seconds):
      let records = try memory[cell] ?? LibraryMemory(cell)
      memory[cell] = records
      let rates = try records.measure(seconds: seconds)
      return .memory(sealedPerSecond: rates.sealedPerSecond, openedPerSecond: rates.openedPerSecond)
    }
  }

  private func open(_ opening: Opening) throws {
    if opening.countsAllocations { cbench_count_allocations() }
    if opening.path.needsHook, !WolfSSLLibrary.hasRecordHook {
      throw BenchError("wolfSSL \(WolfSSLLibrary.version) has no hook for libcrypto: install Debian's libwolfssl")
    }
    guard opening.isSender else { return try receive(opening) }
    let end: any SendingEnd =
      switch opening.path {
      case .plain: try BaselineSendingEnd(nil, group: opening.group, senders: opening.senders)
      case .baseline(let suite): try BaselineSendingEnd(suite, group: opening.group, senders: opening.senders)
      case .limit(let suite): try LimitSendingEnd(suite, group: opening.group, senders: opening.senders)
      case .library(let suite, let engine):
        try LibrarySendingEnd(
          suite, engine, group: opening.group, senders: opening.senders, receivers: opening.receivers)
      case .signed(let suite):
        try LibrarySendingEnd(
          suite, .libcrypto, isSigned: true, group: opening.group, senders: opening.senders,
          receivers: opening.receivers)
      }
    sending = (end, opening.receivers)
  }

  private func receive(_ opening: Opening) throws {
    let delivery = Delivery(counts: counts, receiver: opening.number)
    self.delivery = delivery
    switch opening.path {
    case .plain: try receiveByBaseline(nil, opening, into: delivery)
    case .baseline(let suite): try receiveByBaseline(suite, opening, into: delivery)
    case .limit(let suite): try receiveByLimit(suite, opening, into: delivery)
    case .library(let suite, let engine): peer = try receiveByLibrary(suite, engine, opening, into: delivery)
    case .signed(let suite): peer = try receiveByLibrary(suite, .libcrypto, isSigned: true, opening, into: delivery)
    }
  }
}
