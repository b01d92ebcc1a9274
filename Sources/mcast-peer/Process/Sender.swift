import CommonSupport
import Logging
import MulticastDTLS

/// Sends the messages of the options, and writes an event for each one sent. Confined to one task.
///
/// Messages wait while the network accepts none, for instance because the interface is down.
final class Sender {
  private let peer: MulticastPeer
  private let options: PeerConfiguration
  private let events: EventWriter
  private let logger: Logger
  /// The last logged state of the network.
  private var announcement = Announcement<NetworkState, ContinuousClock.Instant>(.accepting)

  /// The network's response to the last messages.
  private enum NetworkState: Hashable {
    case accepting
    /// The send queue is full.
    case congested
    case unreachable
  }

  /// The most lines of standard input in one batch.
  private static let lineBatch = 1024
  /// The time until a failed send is retried.
  private static let pause = Duration.milliseconds(100)

  init(_ peer: MulticastPeer, _ options: PeerConfiguration, _ events: EventWriter, _ logger: Logger) {
    self.peer = peer
    self.options = options
    self.events = events
    self.logger = logger
  }

  /// The input and its rate in words, as the line `Node 0: Sending ...` has them.
  static func phrase(_ input: PeerConfiguration.Input) -> String {
    switch input {
    case .timer(let interval): "Sending messages every \(interval.phrase)"
    case .pacer(let rate): "Sending messages \(rate.phrase)"
    case .lines: "Sending the lines of standard input"
    case .whole: "Sending standard input as one message"
    case .none: "Listening"
    }
  }

  /// Sends until the count is reached or the input ends.
  ///
  /// - Returns: The reason to stop; nil with `--listen`.
  /// - Throws: `CancellationError` if the task is cancelled, `PeerError.Code.stopped` if the peer is stopped, or the error
  ///   that prevents sending.
  func run() async throws -> StopReason? {
    switch options.input {
    case .timer(let interval):
      try await SendTimer(interval: interval.duration, count: options.count).run { number in
        try await send(texts(number..<(number + 1))) == 1
      }
      return .count
    case .pacer(let rate):
      try await SendPacer(rate: rate.perSecond, count: options.count).run { numbers in
        try await send(texts(numbers))
      }
      return .count
    case .lines(let rate):
      return try await sendLines(rate)
    case .whole:
      try await sendWhole()
      return .input
    case .none:
      return nil
    }
  }

  private func texts(_ numbers: Range<UInt64>) -> ArraySlice<[UInt8]> {
    numbers.map { Array(options.text(number: $0).utf8) }[...]
  }

  /// Ends the pacer at the end of standard input.
  private struct InputEnded: Error {}

  private func sendLines(_ rate: Rate?) async throws -> StopReason {
    let lines = InputLines(
      StandardInput(), largest: peer.configuration.suite.maximumPayload, limit: { [peer] in peer.maximumPayload },
      logger: logger)
    defer { lines.logEmptyLines() }
    func sendNext(_ limit: Int) async throws -> Int {
      guard let next = try await lines.next(atMost: limit) else { throw InputEnded() }
      do {
        let sent = try await send(next)
        lines.drop(sent)
        return sent
      } catch let error as PeerError where error.code == .messageTooLong {
        // Another secret since the lines were asked for: the next ones are without those that do not fit.
        return 0
      }
    }
    do {
      if let rate {
        try await SendPacer(rate: rate.perSecond, count: options.count).run { try await sendNext($0.count) }
      } else {
        var left = options.count ?? .max
        while left > 0 {
          let sent = try await sendNext(Int(min(left, UInt64(Self.lineBatch))))
          left -= UInt64(sent)
          if sent == 0 { try await Task.sleep(for: Self.pause) }
        }
      }
      return .count
    } catch is InputEnded {
      try lines.finish()
      return .input
    }
  }

  private func sendWhole() async throws {
    let input = StandardInput()
    var (message, count) = ([UInt8](), 0)
    while true {
      let bytes = try await input.read()
      if bytes.isEmpty { break }
      count += bytes.count
      // Read to the end, so that the writer gets no SIGPIPE, and the error can give the size.
      if count <= peer.configuration.suite.maximumPayload { message += bytes }
    }
    guard count > 0 else { throw InputError.empty }
    let limit = peer.maximumPayload
    guard count <= limit else { throw InputError.tooLong(count: count, limit: limit) }
    while try await send([message]) == 0 { try await Task.sleep(for: Self.pause) }
  }

  /// Sends messages, and writes events for those that the network accepted; returns their number.
  private func send(_ payloads: ArraySlice<[UInt8]>) async throws -> Int {
    let receipt: SendReceipt
    do {
      receipt = try peer.send(Array(payloads))
    } catch {
      guard let error = error.underlying as? SystemError else { throw error }
      try Task.checkCancellation()
      announce([.wouldBlock, .noBufferSpace].contains(error.errno) ? .congested : .unreachable, error)
      return 0
    }
    announce(.accepting)
    try await events.sent(payloads.prefix(receipt.count), receipt.numbers, on: receipt.interface)
    return receipt.count
  }

  /// Logs a changed state of the network, rate-limited.
  private func announce(_ state: NetworkState, _ error: SystemError? = nil) {
    guard announcement.due(state, now: .now) != nil else { return }
    guard state != .accepting, let error else { return logger.info("sending to \(options.network.group) again") }
    let text =
      state == .congested
      ? "the network takes less than is sent to \(options.network.group) (\(error)): messages wait; send more slowly (--rate, "
        + "--interval)"
      : "cannot send to \(options.network.group): \(error); messages wait until the network is back"
    logger.warning("\(text)")
    events.offer { $0.failed(text, &$1) }
  }
}
