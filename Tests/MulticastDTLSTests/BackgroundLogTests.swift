import Dispatch
import Logging
import Synchronization
import TestSupport
import Testing

@testable import MulticastDTLS

@Suite("A log that blocks")
struct BackgroundLogTests {
  /// A log that is blocked until its gate opens.
  private struct BlockedLog: LogHandler {
    final class Lines: Sendable {
      let all = Mutex<[String]>([])
      let gate = DispatchSemaphore(value: 0)
    }

    let lines: Lines
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.info

    func log(event: LogEvent) {
      lines.gate.wait()
      lines.gate.signal()
      lines.all.withLock { $0.append("\(event.message)") }
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
      get { metadata[key] }
      set { metadata[key] = newValue }
    }
  }

  @Test("it delays nobody, keeps the errors, and tells the number of lines that it lost")
  func dropped() async throws {
    let lines = BlockedLog.Lines()
    let log = BackgroundLog(Logger(label: "test") { _ in BlockedLog(lines: lines) })
    for number in 0..<200 { log.log(.info, "line \(number)") }
    log.log(.error, "a fault")
    #expect(lines.all.withLock { $0.isEmpty })
    lines.gate.signal()
    log.flush()
    let first = lines.all.withLock { $0 }
    #expect(first.dropLast() == (0..<64).map { "line \($0)" } + ["a fault"])
    #expect(first.last == "136 log lines were dropped, since the log was blocked: read it faster")
    for number in 0..<3 { log.log(.info, "later \(number)") }
    log.flush()
    #expect(lines.all.withLock { $0.suffix(3) } == ["later 0", "later 1", "later 2"])
  }
}
