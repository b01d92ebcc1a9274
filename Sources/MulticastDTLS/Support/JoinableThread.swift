import Glibc
import Synchronization

/// A thread that runs one function and is waited for. Source: pthreads(7).
final class JoinableThread: Sendable {
  /// The running thread; nil before it is started and after it was waited for.
  private let running = Mutex<pthread_t?>(nil)

  /// Starts the thread; once.
  ///
  /// - Throws: ``SystemError`` if the system has none left.
  func start(_ body: sending @escaping () -> Void) throws(SystemError) {
    let work = unsafe Unmanaged.passRetained(Work(body))
    var thread = pthread_t()
    let code = unsafe pthread_create(&thread, nil, runWork, work.toOpaque())
    guard code == 0 else {
      unsafe work.release()
      throw SystemError("pthread_create", code)
    }
    running.withLock { [thread] in $0 = thread }
  }

  /// Waits until the thread has ended; at once if it is not running. Several callers all wait.
  func join() {
    running.withLock { running in
      if let thread = running.take() { pthread_join(thread, nil) }
    }
  }
}

private final class Work {
  let body: () -> Void

  init(_ body: @escaping () -> Void) {
    self.body = body
  }
}

/// The thread's start; at file scope, since a closure in C's hands must not be bound to an actor.
private func runWork(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
  if let argument = unsafe argument {
    unsafe Unmanaged<Work>.fromOpaque(argument).takeRetainedValue().body()
  }
  return nil
}
