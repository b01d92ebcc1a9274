import CommonSupport
import Dispatch
import Glibc
import Logging
import MulticastDTLS
import Synchronization
import SystemPackage

/// The metrics of a peer in a file, for the textfile collector of Prometheus's node_exporter.
///
/// 1. At the start: check the path, and write the file.
/// 2. Every 15 seconds: write it again. A failure is logged, and the peer goes on.
/// 3. At the end: write it a last time. The peer waits for that a second at most, since a disk may be blocked.
///
/// Each time a draft in the same directory replaces the file, so that no reader sees half of it. It is not synced: after a
/// loss of power its values are old anyway. Source: rename(2); node_exporter, "Textfile Collector".
final class MetricsFile: Sendable {
  private let path: FilePath
  private let logger: Logger
  private let text: @Sendable () -> String
  private let queue = DispatchQueue(label: "mcast-peer.metrics")
  private let hasEnded = Atomic(false)
  private let progress = Mutex(Progress())

  private struct Progress {
    /// The file as written last.
    var identity: FileIdentity?
    var news = Announcement<Condition, ContinuousClock.Instant>(.written)
  }

  /// The result of a write.
  private enum Condition: Hashable {
    case written
    /// Another process has replaced the file since the last write.
    case shared
    case failed(MetricsFileError)
  }

  /// The time between two writes.
  private static let period = DispatchTimeInterval.seconds(15)
  /// The time between two looks at the last write, and their number: one second in all.
  private static let pause = Duration.milliseconds(10)
  private static let polls = 100
  /// The start of a metrics file.
  private static let title = "# HELP multicast_dtls_"

  /// Checks the path.
  ///
  /// - Parameters:
  ///   - logger: Must not block.
  ///   - text: Returns the metrics of now, in the text format of Prometheus.
  /// - Throws: ``MetricsFileError`` if no file can be made there, or there is one with something else.
  init(path: String, logger: Logger, text: @escaping @Sendable () -> String) throws(MetricsFileError) {
    (self.path, self.logger, self.text) = (FilePath(path), logger, text)
    try checkDirectory()
    try checkContent()
  }

  /// Writes the file now, and from now on every 15 seconds.
  ///
  /// - Throws: ``MetricsFileError`` if it cannot be written.
  func start() throws(MetricsFileError) {
    try write()
    writeLater()
  }

  private func writeLater() {
    queue.asyncAfter(deadline: .now() + Self.period) { [self] in
      guard !hasEnded.load(ordering: .relaxed) else { return }
      writeAndReport()
      writeLater()
    }
  }

  /// Writes the file a last time. Returns once it is written, or after a second.
  func finish() async {
    queue.async { [self] in
      writeAndReport()
      hasEnded.store(true, ordering: .relaxed)
    }
    for _ in 0..<Self.polls where !hasEnded.load(ordering: .relaxed) { try? await Task.sleep(for: Self.pause) }
  }

  /// Writes the file, and logs a change of the result.
  func writeAndReport() {
    var condition = isReplaced ? Condition.shared : .written
    do throws(MetricsFileError) { try write() } catch { condition = .failed(error) }
    guard progress.withLock({ $0.news.due(condition, now: .now) }) != nil else { return }
    switch condition {
    case .written: logger.info("the metrics file \(path) is written again")
    case .shared:
      logger.warning("another process writes the metrics file \(path), too: give each peer a file of its own")
    case .failed(let error): logger.warning("\(error). The peer goes on, and tries again every 15 s")
    }
  }

  /// Replaces the file.
  ///
  /// - Throws: ``MetricsFileError`` if it cannot be written; then the former file is still there.
  func write() throws(MetricsFileError) {
    // Again each time: root must not replace a device.
    try checkKind()
    do {
      // One of a process that was killed.
      unsafe unlink(draft.string)
      let file = try FileDescriptor.open(
        draft, .writeOnly, options: [.create, .exclusiveCreate, .closeOnExec], permissions: [.ownerReadWrite])
      do {
        let identity = try file.closeAfter {
          try file.writeAll(text().utf8)
          // fchmod, since the umask may have reduced the mode.
          guard fchmod(file.rawValue, 0o644) == 0 else { throw Errno(rawValue: errno) }
          return FileIdentity(of: file.rawValue)
        }
        guard unsafe rename(draft.string, path.string) == 0 else { throw Errno(rawValue: errno) }
        progress.withLock { $0.identity = identity }
      } catch {
        unsafe unlink(draft.string)
        throw error
      }
    } catch {
      throw .failed(path: path.string, reason: "\(error)")
    }
  }
}

// MARK: - Checks

extension MetricsFile {
  private var directory: FilePath {
    let directory = path.removingLastComponent()
    return directory.isEmpty ? "." : directory
  }

  /// The file that replaces the metrics file.
  private var draft: FilePath { directory.appending(".\(path.lastComponent?.string ?? "").mcast-peer") }

  private func checkDirectory() throws(MetricsFileError) {
    var status = stat()
    guard unsafe stat(directory.string, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
      throw .noDirectory(path: path.string, directory: directory.string)
    }
    guard unsafe access(directory.string, W_OK | X_OK) == 0 else {
      throw .failed(path: path.string, reason: "\(Errno(rawValue: errno))")
    }
  }

  /// Checks that nothing but a regular file is at the path.
  private func checkKind() throws(MetricsFileError) {
    var status = stat()
    guard unsafe lstat(path.string, &status) == 0 else { return }
    guard status.st_mode & S_IFMT == S_IFREG else { throw .irregular(path: path.string) }
  }

  /// Checks that a file at the path has metrics, or nothing: a wrong path must not cost a secret.
  private func checkContent() throws(MetricsFileError) {
    try checkKind()
    var start = [UInt8](repeating: 0, count: Self.title.utf8.count)
    do {
      let file = try FileDescriptor.open(path, .readOnly, options: [.noFollow, .nonBlocking, .closeOnExec])
      let count = try file.closeAfter {
        try unsafe start.withUnsafeMutableBytes { try unsafe file.read(into: $0) }
      }
      start.removeSubrange(count...)
    } catch Errno.noSuchFileOrDirectory {
      return
    } catch {
      throw .failed(path: path.string, reason: "\(error)")
    }
    guard start.isEmpty || start.elementsEqual(Self.title.utf8) else { throw .foreign(path: path.string) }
  }

  /// True if another process has replaced the file since the last write.
  private var isReplaced: Bool {
    guard let former = progress.withLock(\.identity) else { return false }
    return FileIdentity(ofPath: path.string).map { $0 != former } ?? false
  }
}
