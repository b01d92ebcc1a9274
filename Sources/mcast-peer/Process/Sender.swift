import Logging
import MulticastDTLS

/// Sends what the options say, and shows what the network took. One task uses it.
///
/// While the network takes nothing (its interface is down, say), what is to be sent waits.
final class Sender {
  private let peer: MulticastPeer
  private let options: PeerConfiguration
  private let display: EventWriter
  private let logger: Logger
  /// The last word on how the network takes what is sent.
  private var word = Announcement(Taking.all)

  /// The way in which the network took the last messages.
  private enum Taking: Hashable {
    case all
    /// Less than was to be sent: the queue to the network is full.
    case slowly
    /// None of them.
    case nothing
  }

  /// The most lines of standard input that are sent and shown at a time.
  private static let lineBatch = 1024
  /// How long to wait until the network is tried again.
  private static let pause = Duration.milliseconds(100)

  init(_ peer: MulticastPeer, _ options: PeerConfiguration, _ display: EventWriter, _ logger: Logger) {
    self.peer = peer
    self.options = options
    self.display = display
    self.logger = logger
  }

  /// What it sends and how often, as a person reads it.
  static func phrase(_ input: PeerConfiguration.Input) -> String {
    switch input {
    case .timer(let interval): "Sending messages every \(interval.phrase)"
    case .pacer(let rate): "Sending messages \(rate.phrase)"
    case .lines: "Sending the lines of standard input"
    case .whole: "Sending standard input as one message"
    case .none: "Listening"
    }
  }

  /// Sends until there is nothing more to send.
  ///
  /// - Returns: Why there is not; nil if nothing was to be sent at all.
  /// - Throws: `CancellationError` if the task is cancelled, and `PeerError.Code.stopped` if the peer is stopped; otherwise the error that
  ///   ends the sending.
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

  /// Ends the pacer where there is no count that would.
  private struct InputEnded: Error {}

  private func sendLines(_ rate: Rate?) async throws -> StopReason {
    let lines = InputLines(StandardInput(), limit: peer.maximumPayload, logger: logger)
    func sendNext(_ most: Int) async throws -> Int {
      guard let next = try await lines.next(most) else { throw InputEnded() }
      let sent = try await send(next)
      lines.drop(sent)
      return sent
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
    let (input, limit) = (StandardInput(), peer.maximumPayload)
    var (message, count) = ([UInt8](), 0)
    while true {
      let bytes = try await input.read()
      if bytes.isEmpty { break }
      count += bytes.count
      // Read to its end, so that whoever writes it is not ended by a closed pipe, and the error can say how much it is.
      if count <= limit { message += bytes }
    }
    guard count > 0 else { throw InputError.empty }
    guard count <= limit else { throw InputError.tooLong(count: count, limit: limit) }
    while try await send([message]) == 0 { try await Task.sleep(for: Self.pause) }
  }

  /// Sends messages, and shows those that the network took; returns how many.
  private func send(_ payloads: ArraySlice<[UInt8]>) async throws -> Int {
    let receipt: SendReceipt
    do {
      receipt = try peer.send(Array(payloads))
    } catch {
      guard let error = error.underlying as? SystemError else { throw error }
      try Task.checkCancellation()
      say([.wouldBlock, .noBufferSpace].contains(error.errno) ? .slowly : .nothing, error)
      return 0
    }
    say(.all)
    try await display.sent(payloads.prefix(receipt.count), receipt.numbers, on: peer.sendInterface)
    return receipt.count
  }

  /// Says how the network takes what is sent, where that has changed; the less often, the more often it changes.
  private func say(_ taking: Taking, _ error: SystemError? = nil) {
    guard word.due(taking) != nil else { return }
    guard taking != .all, let error else { return logger.info("sending to \(options.network.group) again") }
    let text =
      taking == .slowly
      ? "the network takes less than is sent to \(options.network.group) (\(error)): what is to be sent waits, so send more "
        + "slowly"
      : "cannot send to \(options.network.group): \(error); what is to be sent waits until the network is back"
    logger.warning("\(text)")
    display.offer { $0.failed(text, &$1) }
  }
}
