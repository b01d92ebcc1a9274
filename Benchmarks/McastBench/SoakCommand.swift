import ArgumentParser
import Glibc

/// `mcast-bench soak`: sends for a long time, and checks losses and memory.
struct SoakCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "soak",
    abstract: "Send at 80 % of the top rate, and fail if a message is lost or memory grows.")

  @Option(help: "Minutes to send; fractions are allowed.")
  var minutes = 10.0

  @Option(
    help: .init("Cipher suite: WDM-NULL-SHA256 or PSK-CHACHA20-POLY1305. (default: both in turn)", valueName: "name"))
  var suite: Suite?

  func validate() throws {
    guard minutes > 0, minutes.isFinite else { throw ValidationError("--minutes is \(minutes): give more than 0") }
  }

  func run() throws {
    var isMet = true
    for suite in suite.map({ [$0] }) ?? Suite.allCases {
      for method in [Method.library(suite, isBatched: true), .signed(suite, isBatched: true)] {
        let report = try Soak(method: method, seconds: minutes * 60).run()
        print(report.text)
        isMet = isMet && report.isMet
      }
    }
    if !isMet { throw ExitCode(EXIT_FAILURE) }
  }
}

extension Suite: ExpressibleByArgument {}
