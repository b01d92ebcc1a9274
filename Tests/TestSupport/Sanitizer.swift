import Foundation

/// What `make asan` and `make tsan` tell the tests.
package enum Sanitizer {
  private static let variables = ProcessInfo.processInfo.environment

  /// Whether the tests were built with one, so that all takes more time and memory.
  package static let isOn = variables["SANITIZER"] != nil

  /// What a process that a test starts must be given, so that the sanitizer in it does as it is told here.
  package static let environment = variables.filter { name, _ in
    ["ASAN_OPTIONS", "LSAN_OPTIONS", "TSAN_OPTIONS", "SWIFT_BACKTRACE"].contains(name)
  }

  /// The report of the sanitizer in a process; nil if there is none. Sanitizers add the program's name and the process's
  /// number to `log_path`.
  package static func report(of process: Int32) -> String? {
    guard let reports = variables["SANITIZER_REPORTS"],
      let names = try? FileManager.default.contentsOfDirectory(atPath: reports),
      let name = names.first(where: { $0.hasSuffix(".\(process)") })
    else { return nil }
    return try? String(contentsOfFile: "\(reports)/\(name)", encoding: .utf8)
  }
}
