// An invalid fixture stops the tests.
// swift-format-ignore-file: NeverForceUnwrap, NeverUseForceTry

import Foundation
import TestSupport
import Testing

/// A real `mcast-peer`, or another executable of this package. Its output goes to files, readable while it runs. The
/// process is killed with the last reference.
final class PeerProcess {
  private let process = Process()
  private let directory = TemporaryDirectory()
  /// Kept until the process has ended, since a peer writes removed state files again.
  private let home: TemporaryDirectory?

  /// The command under test: MCAST_PEER, or the executable built beside the tests.
  static var executable: String {
    ProcessInfo.processInfo.environment["MCAST_PEER"] ?? built("mcast-peer")
  }

  /// An executable of this package, built beside the tests.
  static func built(_ name: String) -> String {
    let tests = try! FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    return URL(filePath: tests).deletingLastPathComponent().appending(path: name).path
  }

  /// True if its use of memory and CPU is representative: not for a debug build or one with a sanitizer.
  static let isMeasurable: Bool = {
    let environment = ProcessInfo.processInfo.environment
    return environment["MCAST_PEER"] != nil && environment["SANITIZER"] == nil
  }()

  /// Starts a peer.
  ///
  /// - Parameters:
  ///   - executable: The executable; by default, the command.
  ///   - home: Its HOME; nil for a directory of its own.
  ///   - secret: Its DTLS_MCAST_SECRET; nil for none.
  ///   - namespace: The namespace that it runs in; nil for that of the tests.
  init(
    _ arguments: [String], executable: String = executable, home: TemporaryDirectory? = nil, secret: String? = nil,
    namespace: Namespace? = nil, environment: [String: String] = [:], shell: String? = nil
  ) throws {
    self.home = home
    let command = (namespace?.prefix ?? []) + (shell.map { ["sh", "-c", $0] } ?? []) + [executable] + arguments
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = command
    var all = ["PATH": ProcessInfo.processInfo.environment["PATH"] ?? "", "HOME": (home ?? directory).path]
    all["DTLS_MCAST_SECRET"] = secret
    all.merge(Sanitizer.environment) { $1 }
    process.environment = all.merging(environment) { $1 }
    process.standardInput = FileHandle.nullDevice
    let files = [try file("stdout"), try file("stderr")]
    // Only the peer keeps them open, since many tests run at the same time. (With some 1,360 open files, Foundation
    // reads beyond its list of files when it starts a process.)
    defer { for file in files { try? file.close() } }
    (process.standardOutput, process.standardError) = (files[0], files[1])
    try process.run()
  }

  /// Starts a peer by a shell line. `$0` in the line is the command.
  static func run(_ line: String) throws -> PeerProcess {
    try PeerProcess([], shell: line)
  }

  deinit {
    if isRunning {
      kill(process.processIdentifier, SIGKILL)
      _ = process.waitForExitStatus()
    }
    if let report = Sanitizer.report(of: identifier) { Issue.record("\(report)") }
  }

  private func file(_ name: String) throws -> FileHandle {
    try FileHandle(forWritingTo: URL(filePath: directory.write("", to: name)))
  }

  /// Its output so far.
  var output: String { get throws { try String(contentsOfFile: "\(directory.path)/stdout", encoding: .utf8) } }
  var errors: String { get throws { try String(contentsOfFile: "\(directory.path)/stderr", encoding: .utf8) } }
  var outputBytes: Data { get throws { try Data(contentsOf: URL(filePath: "\(directory.path)/stdout")) } }
  /// The size of its output so far, in bytes.
  var outputSize: Int {
    get throws {
      try FileManager.default.attributesOfItem(atPath: "\(directory.path)/stdout")[.size] as? Int ?? 0
    }
  }
  var lines: [String] { get throws { try output.components(separatedBy: "\n") } }
  /// The findings of `doctor`: one string each, with its lines joined by spaces, and the command alone of a line to run.
  var findings: [String] {
    get throws {
      try lines.reduce(into: []) { findings, line in
        if let last = findings.last, line.hasPrefix(" ") {
          findings[findings.count - 1] = "\(last) \(line.drop { $0 == " " })"
        } else if let last = findings.last, let (_, command) = line.wholeMatch(of: /run +[^ ]+ +(.+)/)?.output {
          findings[findings.count - 1] = "\(last) \(command)"
        } else if !line.isEmpty {
          findings.append(line)
        }
      }
    }
  }
  var isRunning: Bool { !process.hasEnded }
  var identifier: Int32 { process.processIdentifier }

  /// Waits for a line of output.
  func waitForLine(_ line: String, count: Int = 1) async throws {
    do {
      try await eventually("\(count) times '\(line)'") { try lines.count { $0 == line } >= count }
    } catch {
      throw Timeout(description: "\(error) in\n\(try output)\n\(try errors)")
    }
  }

  /// Waits until its standard error contains a text.
  func waitForError(_ text: String, count: Int = 1) async throws {
    do {
      try await eventually("\(count) times '\(text)'") { try errors.components(separatedBy: text).count > count }
    } catch {
      throw Timeout(description: "\(error) in\n\(try errors)")
    }
  }

  func waitUntilReady(node: Int) async throws {
    try await waitForLine("Node \(node): Ready. Press Ctrl+C to exit.")
  }

  func signal(_ number: Int32) {
    kill(process.processIdentifier, number)
  }

  /// Stops it, and waits until each of its threads has stopped, which the signal does not. Source: proc(5), /proc/pid/stat.
  func stop() async throws {
    signal(SIGSTOP)
    let tasks = "/proc/\(identifier)/task"
    try await eventually("the stop of all threads") {
      try FileManager.default.contentsOfDirectory(atPath: tasks).allSatisfy { task in
        // Behind the name, which may have blanks and brackets.
        try String(contentsOfFile: "\(tasks)/\(task)/stat", encoding: .utf8).split(separator: ")").last?.hasPrefix(" T")
          == true
      }
    }
  }

  /// Waits for its end. Returns the exit code, or the negative number of the signal that ended it.
  func exitCode() async throws -> Int32 {
    try await eventually("the end of the process") { !isRunning }
    return process.waitForExitStatus()
  }

  /// The CPU time that it has used, in seconds. Source: clock_getcpuclockid(3).
  var processorTime: Double {
    get throws {
      var clock: clockid_t = 0
      var time = timespec()
      guard clock_getcpuclockid(identifier, &clock) == 0, clock_gettime(clock, &time) == 0 else {
        throw Timeout(description: "process \(identifier) is gone")
      }
      return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
  }
}
