import Glibc
import MulticastDTLS
import SystemPackage

/// The check of a member of the service: whether it runs, and with the settings of its files.
struct ServiceCheck {
  let member: MemberID
  /// The variables of the unit and its files.
  let settings: [String: String]
  /// The variables of the running process; nil if none runs, or they cannot be read.
  let running: [String: String]?
  let process: Result<pid_t, StatusError>

  /// True if the member sends, as far as is known.
  var sends: Bool { (running ?? settings)[Environment.variable("listen")] != "1" }

  var findings: [Finding] {
    switch process {
    case .failure(let error):
      return [
        .warning("service", "\(error)", "see if it runs, and why not", command: "systemctl status mcast-peer@\(member)")
      ]
    case .success(let process):
      let other = differences
      guard !other.isEmpty else { return [.ok("service", "member \(member) runs as process \(process), and answers")] }
      return [
        .warning(
          "service",
          "member \(member) runs as process \(process) with other settings than its files: \(other.joined(separator: ", "))",
          "a drop-in has them, or the files have changed since its start: restart it then",
          command: "systemctl cat mcast-peer@\(member)")
      ]
    }
  }

  /// The options that decide who hears whom.
  private static let compared = [
    "group", "interface", "source", "ttl", "no-loop", "peers", "roster", "secret-file", "encrypt", "listen",
  ]

  /// The names of the settings that differ, without their values.
  private var differences: [String] {
    guard let running else { return [] }
    return Self.compared.map(Environment.variable).filter { settings[$0, default: ""] != running[$0, default: ""] }
  }
}

extension ServiceCheck {
  /// Asks the running process.
  init(of member: MemberID, stateDirectory: String) {
    (self.member, settings) = (member, Environment.values)
    do {
      let process = try StatusClient(member: member, directory: stateDirectory).ask().process
      self.process = .success(process)
      running = Self.variables(of: process)
    } catch {
      process = .failure(error as? StatusError ?? .noAnswer("cannot ask member \(member): \(error)"))
      running = nil
    }
  }

  /// The settings of a process. Source: proc(5), /proc/pid/environ.
  private static func variables(of process: pid_t) -> [String: String]? {
    let path = FilePath("/proc/\(process)/environ")
    guard let file = try? FileDescriptor.open(path, .readOnly, options: [.closeOnExec]) else {
      return nil
    }
    defer { try? file.close() }
    var bytes = [UInt8](repeating: 0, count: 1 << 18)
    let count = (try? unsafe bytes.withUnsafeMutableBytes { try unsafe file.read(into: $0) }) ?? 0
    guard count > 0 else { return nil }
    // Other variables, such as a secret, are not decoded.
    let entries = bytes[..<count].split(separator: 0).filter { $0.starts(with: Environment.prefix.utf8) }
    return Dictionary(
      entries.map { String(decoding: $0, as: UTF8.self) }.compactMap { entry in
        entry.firstIndex(of: "=").map { (String(entry[..<$0]), String(entry[$0...].dropFirst())) }
      }
    ) { first, _ in first }
  }
}
