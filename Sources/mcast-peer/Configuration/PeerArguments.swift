import ArgumentParser
import MulticastDTLS

/// What is said on the command line, or by the environment (see ``Environment``); nothing here has a default yet.
struct PeerArguments: ParsableArguments {
  @Argument(help: "This node's own ID, 0 to 255; no other member may have it.", transform: { try MemberID($0) })
  var nodeID: MemberID?

  @OptionGroup var network: NetworkArguments

  @Option(
    name: .shortAndLong,
    parsing: .unconditional,
    help: .init("The time between messages; fractions are allowed. (default: 3)", valueName: "seconds"),
    transform: { try Interval($0) }
  )
  var interval: Interval?

  @Option(
    parsing: .unconditional,
    help: .init(
      """
      Send so many messages a second instead, in batches where they come together; 0 is as fast as it can. With --stdin, \
      at most so many.
      """,
      valueName: "messages-per-second"),
    transform: { try Rate($0) }
  )
  var rate: Rate?

  @Option(
    name: .shortAndLong,
    parsing: .unconditional,
    help: .init("Stop after sending so many messages. (default: go on)", valueName: "n"),
    transform: { try number($0, in: 1...PeerConfiguration.countLimit, "a count") }
  )
  var count: UInt64?

  @Option(
    name: .shortAndLong,
    parsing: .unconditional,
    help: .init("Send this text, with ', message #1' and so on after it. (default: a greeting)", valueName: "text")
  )
  var message: String?

  @Flag(help: "Send each line of standard input as a message; stop at its end, once the last has left.")
  var stdin = false

  @Flag(help: "Receive only.")
  var listen = false

  @Flag(help: "With --stdin, send all of it as one message; with -o raw, write no newline after a message.")
  var datagram = false

  @Option(
    name: .shortAndLong,
    parsing: .unconditional,
    help: .init(
      """
      What standard output has: text, for people; json, one object a line for each thing that happens; raw, what \
      messages carry, each with a newline after it. (default: text)
      """,
      valueName: "format"),
    completion: .list(OutputFormat.allCases.map(\.rawValue)),
    transform: { try choice($0, "the output") }
  )
  var output: OutputFormat?

  @Option(
    parsing: .unconditional,
    help: .init("Stop after this time; fractions are allowed. (default: go on)", valueName: "seconds"),
    transform: { try Interval($0, "a deadline") }
  )
  var deadline: Interval?

  @Option(
    parsing: .unconditional,
    help: .init(
      "Exit with 1 if fewer messages than this came; with --listen, stop as soon as they have.", valueName: "n"),
    transform: { try number($0, in: 1...Int.max, "an expected count") }
  )
  var expect: Int?

  @Flag(help: "At the end, print a table of what was received, lost and refused; SIGUSR1 prints it at any time.")
  var stats = false
}

/// What standard output has.
enum OutputFormat: String, CaseIterable {
  case text, json, raw
}
