import CBenchSupport
import FoundationEssentials
import Glibc
import MulticastDTLS

/// The machine and libraries of a run, without host names and paths.
struct Machine: Codable, Hashable {
  var kernel: String
  var processor: String
  var cores: Int
  var wolfSSL: String
  var openSSL: String

  var text: String {
    "\(processor), \(cores) cores, Linux \(kernel), wolfSSL \(wolfSSL), \(openSSL)"
  }

  /// The current machine.
  static var current: Machine {
    Machine(
      kernel: firstLine("/proc/sys/kernel/osrelease") ?? "unknown",
      processor: processorName ?? "unknown processor",
      cores: ProcessInfo.processInfo.activeProcessorCount,
      wolfSSL: WolfSSLLibrary.version,
      openSSL: unsafe cbench_openssl_version().map { unsafe String(cString: $0) } ?? "no libcrypto")
  }

  private static var processorName: String? {
    guard let text = try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8) else { return nil }
    let line = text.split(separator: "\n").first { $0.hasPrefix("model name") }
    return line.flatMap { $0.split(separator: ":").last }.map { $0.drop { $0 == " " } }.map(String.init)
  }

  private static func firstLine(_ path: String) -> String? {
    guard let text = try? String(contentsOfFile: path, encoding: .utf8) else { return nil }
    return text.split(separator: "\n").first.map(String.init)
  }
}
