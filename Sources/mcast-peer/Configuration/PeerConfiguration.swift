import ArgumentParser
import MulticastDTLS

/// The configuration of `mcast-peer <node-id>`, resolved from command line, environment and defaults, in this order.
struct PeerConfiguration {
  let nodeID: MemberID
  let network: NetworkConfiguration
  let input: Input
  /// The most messages to send.
  let count: UInt64?
  let output: OutputFormat
  /// True to send standard input as one message, and to print messages without a newline.
  let isDatagram: Bool
  let deadline: Interval?
  let expected: Int?
  let stats: Bool
  /// True to write no text.
  let isQuiet: Bool
  /// The path of the metrics file; nil writes none.
  let metricsFile: String?

  private let message: String?

  /// The source of the messages to send.
  enum Input {
    case timer(Interval)
    case pacer(Rate)
    /// The lines of standard input, at an optional highest rate.
    case lines(Rate?)
    /// All of standard input, as one message.
    case whole
    case none
  }

  /// - Parameters:
  ///   - line: The arguments of the command line.
  ///   - environment: The arguments from the environment.
  /// - Throws: `ValidationError` if arguments are missing or contradict each other.
  init(_ line: PeerArguments, _ environment: PeerArguments) throws {
    guard let nodeID = line.nodeID ?? environment.nodeID else {
      throw ValidationError("<node-id> is missing: give this member's ID, 0 to 255")
    }
    self.nodeID = nodeID
    network = try NetworkConfiguration(line.network, environment.network, peers: NetworkConfiguration.peersOfPeer)
    output = line.output.format ?? environment.output.format ?? .text
    isDatagram = line.sending.datagram || environment.sending.datagram
    deadline = line.stopping.deadline ?? environment.stopping.deadline
    expected = line.stopping.expect ?? environment.stopping.expect
    stats = line.output.stats || environment.output.stats
    isQuiet = line.output.quiet || environment.output.quiet
    if line.output.quiet, output != .text {
      throw ValidationError("--quiet prints nothing, and --output \(output.rawValue) something: give one of them")
    }
    metricsFile = line.output.metricsFile ?? environment.output.metricsFile
    guard metricsFile != "" else { throw ValidationError("--metrics-file is empty: name a file, or leave it out") }

    let sending = Self.merged(line.sending, environment.sending)
    try Self.check(sending)
    input = Self.input(of: sending, isDatagram: isDatagram)
    if case .none = input, line.stopping.count != nil || line.sending.message != nil {
      throw ValidationError("--listen receives only: leave out --count and --message, or see --expect")
    }
    count = line.stopping.count ?? environment.stopping.count
    message = line.sending.message ?? environment.sending.message
    try check(givesMessage: line.sending.message != nil, givesDatagram: line.sending.datagram)
  }

  /// The number of received messages that ends a listener; nil if the peer also sends.
  var limit: Int? {
    if case .none = input { return expected }
    return nil
  }

  /// The options of the command line, completed by those of the environment that do not contradict them.
  private static func merged(_ line: SendingArguments, _ environment: SendingArguments) -> SendingArguments {
    var chosen = line
    if !line.listen && line.interval == nil { chosen.stdin = line.stdin || environment.stdin }
    if !line.stdin && line.interval == nil && line.rate == nil { chosen.listen = line.listen || environment.listen }
    if !line.listen && !line.stdin && line.rate == nil { chosen.interval = line.interval ?? environment.interval }
    if !line.listen && line.interval == nil { chosen.rate = line.rate ?? environment.rate }
    return chosen
  }

  private static func check(_ sending: SendingArguments) throws {
    if sending.rate != nil, sending.interval != nil {
      throw ValidationError("--rate and --interval exclude each other: give one of them")
    }
    if sending.stdin, sending.interval != nil {
      throw ValidationError("--stdin sends each line as it arrives: leave out --interval, or give --rate instead")
    }
    if sending.listen, sending.stdin || sending.rate != nil || sending.interval != nil {
      throw ValidationError("--listen receives only: leave out --stdin, --rate and --interval")
    }
  }

  private static func input(of sending: SendingArguments, isDatagram: Bool) -> Input {
    if sending.listen { return .none }
    if sending.stdin { return isDatagram ? .whole : .lines(sending.rate) }
    return sending.rate.map { .pacer($0) } ?? .timer(sending.interval ?? Interval(seconds: 3))
  }

  private func check(givesMessage: Bool, givesDatagram: Bool) throws {
    try network.check(nodeID)
    switch input {
    case .lines, .whole:
      if givesMessage { throw ValidationError("--stdin and --message exclude each other: give one of them") }
    case .none, .timer, .pacer:
      break
    }
    try checkMessage(limit: network.maximumPayload)
    if givesDatagram, output != .raw {
      guard case .whole = input else {
        throw ValidationError("--datagram applies to --stdin or -o raw: give one of these, too")
      }
    }
  }

  /// Checks the longest possible message of a timer or pacer, so that no later one is too long.
  ///
  /// - Parameter limit: The most bytes of a message.
  /// - Throws: `ValidationError` if it is longer.
  func checkMessage(limit: Int) throws {
    switch input {
    case .timer, .pacer: break
    case .lines, .whole, .none: return
    }
    let longest = text(number: count ?? Self.countLimit).utf8.count
    guard longest <= limit else {
      throw ValidationError(
        "--message is too long: with its number it can reach \(longest) bytes, a message carries at most \(limit)"
      )
    }
  }

  /// The most messages of one secret: 65,535 epochs of 2^32.
  static let countLimit = UInt64(UInt16.max) << 32

  /// The text of a message with its number.
  func text(number: UInt64) -> String {
    "\(message ?? "Hello from node \(nodeID)"), message #\(number)"
  }
}
