import Dispatch
import Glibc
import Synchronization

/// Standard input as a task reads it: no more than what is asked for, so that who writes there is held up by the network.
final class StandardInput: Sendable {
  private static let chunk = 65_536
  /// How long it takes until a reader that is cancelled knows.
  private static let pollTimeout: CInt = 100

  private let descriptor: CInt

  init(descriptor: CInt = STDIN_FILENO) {
    self.descriptor = descriptor
  }

  /// The next bytes, at least one; none at the end. Waits for them, on a thread that is none of the tasks'.
  ///
  /// - Throws: `CancellationError` if the task is cancelled; ``InputError`` if there is nothing that can be read.
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
      // Another program that shares the terminal may have made it non-blocking.
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
