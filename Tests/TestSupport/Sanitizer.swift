import Foundation

/// The settings that `make asan` and `make tsan` pass to the tests.
package enum Sanitizer {
  private static let variables = ProcessInfo.processInfo.environment

  /// True if the tests were built with a sanitizer, so that everything takes more time and memory.
  package static let isOn = variables["SANITIZER"] != nil

  /// True if it is ThreadSanitizer, whose `_exit` flushes the streams of C first, and so waits for one that is blocked.
  package static let flushesAtExit = variables["SANITIZER"] == "tsan"

  /// The environment for a child process, so that its sanitizer has the same options.
  package static let environment = variables.filter { name, _ in
    ["ASAN_OPTIONS", "LSAN_OPTIONS", "TSAN_OPTIONS", "SWIFT_BACKTRACE"].contains(name)
  }

  /// The sanitizer's report on a process; nil if there is none. Sanitizers add the program's name and the process's
  /// number to `log_path`.
  package static func report(of process: Int32) -> String? {
    guard let reports = variables["SANITIZER_REPORTS"],
      let names = try? FileManager.default.contentsOfDirectory(atPath: reports),
      let name = names.first(where: { $0.hasSuffix(".\(process)") })
    else { return nil }
    return try? String(contentsOfFile: "\(reports)/\(name)", encoding: .utf8)
  }
}
