import ArgumentParser
import MulticastDTLS

/// The arguments of a peer, from the command line or the environment (see ``Environment``), without defaults.
struct PeerArguments: ParsableArguments {
  @Argument(help: "This member's ID, 0 to 255, unique in the group.", transform: { try MemberID($0) })
  var nodeID: MemberID?

  @OptionGroup var network: NetworkArguments
  @OptionGroup(title: "What to send") var sending: SendingArguments
  @OptionGroup(title: "Output") var output: OutputArguments
  @OptionGroup(title: "When to stop") var stopping: StopArguments
}

/// The options of the messages to send.
struct SendingArguments: ParsableArguments {
  @Option(
    name: .shortAndLong,
    parsing: .unconditional,
    help: .init("Time between messages; fractions are allowed. (default: 3)", valueName: "seconds"),
    transform: { try Interval($0) }
  )
  var interval: Interval?

  @Option(
    parsing: .unconditional,
    help: .init(
      """
      Messages a second, instead of --interval; 0 is as fast as possible. High rates are sent in batches. With \
      --stdin, an upper limit.
      """,
      valueName: "messages-per-second"),
    transform: { try Rate($0) }
  )
  var rate: Rate?

  @Option(
    name: .shortAndLong,
    parsing: .unconditional,
    help: .init("Text of the messages, sent as 'text, message #1' and so on. (default: a greeting)", valueName: "text")
  )
  var message: String?

  @Flag(help: "Send each line of standard input as a message. Stop at its end, after the last message was sent.")
  var stdin = false

  @Flag(help: "With --stdin, send all of it as one message. With -o raw, print no newline after a message.")
  var datagram = false

  @Flag(help: "Receive only.")
  var listen = false
}

/// The options of the output.
struct OutputArguments: ParsableArguments {
  @Option(
    name: [.customShort("o"), .customLong("output")],
    parsing: .unconditional,
    help: .init(
      """
      Format of standard output: text for people, json for one event a line, or raw for the messages alone, one a \
      line. (default: text)
      """,
      valueName: "format"),
    completion: .list(OutputFormat.allCases.map(\.rawValue)),
    transform: { try choice($0, "the output") }
  )
  var format: OutputFormat?

  @Flag(name: .shortAndLong, help: "Print no text on standard output. The log on standard error stays.")
  var quiet = false

  @Flag(help: "Print a table of received, lost and rejected messages at the end. SIGUSR1 prints it at any time.")
  var stats = false

  @Option(
    parsing: .unconditional,
    help: .init(
      """
      Write metrics for Prometheus to this file, every 15 seconds and at the end. A collector can read it at any time; \
      each peer needs a file of its own.
      """,
      valueName: "path"),
    completion: .file()
  )
  var metricsFile: String?
}

/// The options of the end of a peer.
struct StopArguments: ParsableArguments {
  @Option(
    name: .shortAndLong,
    parsing: .unconditional,
    help: .init("Number of messages to send before stopping. (default: no limit)", valueName: "n"),
    transform: { try number($0, in: 1...PeerConfiguration.countLimit, "a count") }
  )
  var count: UInt64?

  @Option(
    parsing: .unconditional,
    help: .init("Time to run before stopping; fractions are allowed. (default: no limit)", valueName: "seconds"),
    transform: { try Interval($0, "a deadline") }
  )
  var deadline: Interval?

  @Option(
    parsing: .unconditional,
    help: .init(
      "Number of messages to expect. Exit with 1 if fewer arrive; with --listen, stop after them.", valueName: "n"),
    transform: { try number($0, in: 1...Int.max, "an expected count") }
  )
  var expect: Int?
}

/// A format of standard output.
enum OutputFormat: String, CaseIterable {
  case text, json, raw
}
