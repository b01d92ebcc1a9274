import Glibc
import Synchronization

/// A thread that runs one function and can be joined. Source: pthreads(7).
final class JoinableThread: Sendable {
  /// The running thread; nil before the start and after the join.
  private let running = Mutex<pthread_t?>(nil)

  /// Starts the thread. Call it once.
  ///
  /// - Throws: ``SystemError`` if the system has no more threads.
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

  /// Waits until the thread has ended; returns at once if it is not running. Concurrent callers all wait.
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

/// The start routine, at file scope, since a closure given to C must not be isolated to an actor.
private func runWork(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
  if let argument = unsafe argument {
    unsafe Unmanaged<Work>.fromOpaque(argument).takeRetainedValue().body()
  }
  return nil
}
