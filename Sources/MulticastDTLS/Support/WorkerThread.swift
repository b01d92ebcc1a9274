internal import CDatagram
import Dispatch
import Glibc
import Synchronization

/// A thread that runs one function. It is detached, so that nothing leaks when nobody waits for it. Source: pthreads(7).
final class WorkerThread: Sendable {
  private let name: String
  private let running = DispatchGroup()
  /// The thread, as long as it runs.
  private let thread = Mutex<pthread_t?>(nil)

  /// - Parameter name: The name that ps(1) and top(1) show, up to 15 bytes.
  init(named name: String = "mcast-worker") {
    self.name = name
  }

  /// Starts the thread; once.
  ///
  /// - Throws: ``SystemError`` if the system has none left.
  func start(_ body: sending @escaping () -> Void) throws(SystemError) {
    let work = unsafe Unmanaged.passRetained(Work(self, body))
    var attributes = pthread_attr_t()
    unsafe pthread_attr_init(&attributes)
    defer { unsafe pthread_attr_destroy(&attributes) }
    unsafe pthread_attr_setdetachstate(&attributes, CInt(PTHREAD_CREATE_DETACHED))
    var thread = pthread_t()
    running.enter()
    let code = unsafe pthread_create(&thread, &attributes, runWork, work.toOpaque())
    guard code == 0 else {
      running.leave()
      unsafe work.release()
      throw SystemError("pthread_create", code)
    }
  }

  /// True on the thread itself.
  var isCurrent: Bool {
    thread.withLock { $0.map { pthread_equal($0, pthread_self()) != 0 } ?? false }
  }

  /// Returns when the function has returned; at once if the thread was not started, on the thread itself, and where the
  /// thread itself waits for the caller.
  func wait() {
    _ = awaiting { running.wait() }
  }

  /// Runs a body that waits for this thread; nil, without running it, if the thread is or waits for the caller.
  func awaiting<Value>(_ body: () throws -> Value) rethrows -> Value? {
    let caller = pthread_self()
    let isMutual = Self.waits.withLock { waits in
      var target = self
      while let thread = target.thread.withLock({ $0 }) {
        if pthread_equal(thread, caller) != 0 { return true }
        guard let next = waits.first(where: { pthread_equal($0.caller, thread) != 0 })?.target else { break }
        target = next
      }
      waits.append((caller, self))
      return false
    }
    if isMutual { return nil }
    defer {
      Self.waits.withLock { waits in
        if let index = waits.firstIndex(where: { pthread_equal($0.caller, caller) != 0 && $0.target === self }) {
          waits.remove(at: index)
        }
      }
    }
    return try body()
  }

  /// The threads that wait for such a thread now.
  private static let waits = Mutex<[(caller: pthread_t, target: WorkerThread)]>([])

  fileprivate func run(_ body: () -> Void) {
    thread.withLock { $0 = pthread_self() }
    // Only people read the name, so a failure does not matter.
    _ = unsafe cdatagram_name_thread(name)
    body()
    thread.withLock { $0 = nil }
  }

  fileprivate func end() {
    running.leave()
  }
}

private final class Work {
  let thread: WorkerThread
  /// Nil once it was run, so that what it captures is released before others go on.
  var body: (() -> Void)?

  init(_ thread: WorkerThread, _ body: @escaping () -> Void) {
    self.thread = thread
    self.body = body
  }

  func run() {
    thread.run { body.take()?() }
    thread.end()
  }
}

/// The thread's start; at file scope, since a closure in C's hands must not be bound to an actor.
private func runWork(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
  if let argument = unsafe argument {
    unsafe Unmanaged<Work>.fromOpaque(argument).takeRetainedValue().run()
  }
  return nil
}
