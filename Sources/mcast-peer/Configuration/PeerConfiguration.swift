import ArgumentParser
import MulticastDTLS

/// What is to be done: what the command line says, what the environment says where that is silent, and else the defaults.
struct PeerConfiguration {
  let nodeID: MemberID
  let network: NetworkConfiguration
  let input: Input
  /// How many messages are sent at most.
  let count: UInt64?
  let output: OutputFormat
  /// Whether a message ends with its last byte on standard output, and one takes all of standard input.
  let isDatagram: Bool
  let deadline: Interval?
  let expected: Int?
  let stats: Bool

  private let message: String?

  /// Where messages to send come from.
  enum Input {
    case timer(Interval)
    case pacer(Rate)
    /// The lines of standard input, at most so many a second.
    case lines(Rate?)
    /// All of standard input, as one message.
    case whole
    case none
  }

  /// - Parameters:
  ///   - line: What the command line says.
  ///   - environment: What the environment says.
  /// - Throws: `ValidationError` if that is not enough, or contradicts itself.
  init(_ line: PeerArguments, _ environment: PeerArguments) throws {
    guard let nodeID = line.nodeID ?? environment.nodeID else {
      throw ValidationError("the <node-id> is missing: give this node's own ID, 0 to 255")
    }
    self.nodeID = nodeID
    network = try NetworkConfiguration(line.network, environment.network, peers: NetworkConfiguration.peersOfPeer)
    output = line.output ?? environment.output ?? .text
    isDatagram = line.datagram || environment.datagram
    deadline = line.deadline ?? environment.deadline
    expected = line.expect ?? environment.expect
    stats = line.stats || environment.stats

    let chosen = Self.sending(line, environment)
    try Self.check(chosen)
    input = Self.input(of: chosen, isDatagram: isDatagram)
    if case .none = input, line.count != nil || line.message != nil {
      throw ValidationError("--listen receives only: leave out --count and --message, or see --expect")
    }
    count = line.count ?? environment.count
    message = line.message ?? environment.message
    try check(givesMessage: line.message != nil, givesDatagram: line.datagram)
  }

  /// After how many messages it ends; nil where there is more to do than to receive.
  var limit: Int? {
    if case .none = input { return expected }
    return nil
  }

  /// What is said of what to send and when: what the line says, and what it leaves of what the environment says.
  private static func sending(_ line: PeerArguments, _ environment: PeerArguments) -> PeerArguments {
    var chosen = line
    if !line.listen && line.interval == nil { chosen.stdin = line.stdin || environment.stdin }
    if !line.stdin && line.interval == nil && line.rate == nil { chosen.listen = line.listen || environment.listen }
    if !line.listen && !line.stdin && line.rate == nil { chosen.interval = line.interval ?? environment.interval }
    if !line.listen && line.interval == nil { chosen.rate = line.rate ?? environment.rate }
    return chosen
  }

  private static func check(_ settings: PeerArguments) throws {
    if settings.rate != nil, settings.interval != nil {
      throw ValidationError("--rate and --interval both say how often to send: give one of them")
    }
    if settings.stdin, settings.interval != nil {
      throw ValidationError("--stdin sends a line when it is there: leave out --interval, or give --rate instead")
    }
    if settings.listen, settings.stdin || settings.rate != nil || settings.interval != nil {
      throw ValidationError("--listen receives only: leave out --stdin, --rate and --interval")
    }
  }

  private static func input(of settings: PeerArguments, isDatagram: Bool) -> Input {
    if settings.listen { return .none }
    if settings.stdin { return isDatagram ? .whole : .lines(settings.rate) }
    return settings.rate.map { .pacer($0) } ?? .timer(settings.interval ?? Interval(seconds: 3))
  }

  private func check(givesMessage: Bool, givesDatagram: Bool) throws {
    try network.check(nodeID)
    switch input {
    case .lines, .whole:
      if givesMessage { throw ValidationError("--stdin and --message both say what to send: give one of them") }
    case .none:
      break
    case .timer, .pacer:
      // The longest message that can come, so that none turns out too long later.
      let longest = text(number: count ?? Self.countLimit).utf8.count
      let limit = network.suite.maximumPayload
      guard longest <= limit else {
        throw ValidationError(
          "the message is too long: with its number it can have \(longest) bytes, and one record carries at most \(limit)"
        )
      }
    }
    if givesDatagram, output != .raw {
      guard case .whole = input else {
        throw ValidationError("--datagram says how to take --stdin, or how -o raw writes: give one of these, too")
      }
    }
  }

  /// More messages than this cannot be sent with one secret: 65,535 epochs of 2^32.
  static let countLimit = UInt64(UInt16.max) << 32

  /// The text of a message.
  func text(number: UInt64) -> String {
    "\(message ?? "Hello from node \(nodeID)"), message #\(number)"
  }
}
