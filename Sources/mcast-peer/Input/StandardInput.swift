import Dispatch
import Glibc
import Synchronization

/// Standard input, read by a task only on demand, so that backpressure from the network reaches the writer.
final class StandardInput: Sendable {
  private static let chunk = 65_536
  /// The most milliseconds until a cancelled read returns.
  private static let pollTimeout: CInt = 100

  private let descriptor: CInt

  init(descriptor: CInt = STDIN_FILENO) {
    self.descriptor = descriptor
  }

  /// The next bytes, at least one; empty at the end. Waits on a thread outside the pool of the tasks.
  ///
  /// - Throws: `CancellationError` if the task is cancelled; ``InputError`` if standard input cannot be read.
  func read() async throws -> [UInt8] {
    let isCancelled = Flag()
    return try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { done in
        DispatchQueue.global().async { [self] in done.resume(with: Result { try wait(until: isCancelled) }) }
      }
    } onCancel: {
      isCancelled.set()
    }
  }

  private func wait(until isCancelled: Flag) throws -> [UInt8] {
    while !isCancelled.isSet {
      var ready = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
      guard unsafe poll(&ready, 1, Self.pollTimeout) > 0 else { continue }
      var failure: CInt = 0
      let bytes = unsafe [UInt8](unsafeUninitializedCapacity: Self.chunk) { buffer, count in
        let result = unsafe Glibc.read(descriptor, buffer.baseAddress, buffer.count)
        failure = result < 0 ? errno : 0
        count = max(0, result)
      }
      switch failure {
      case 0: return bytes
      // Another program on the same terminal may have set O_NONBLOCK.
      case EAGAIN, EINTR: continue
      default: throw InputError.unreadable(unsafe String(cString: strerror(failure)))
      }
    }
    throw CancellationError()
  }

  private final class Flag: Sendable {
    private let value = Atomic(false)
    var isSet: Bool { value.load(ordering: .relaxed) }
    func set() { value.store(true, ordering: .relaxed) }
  }
}
