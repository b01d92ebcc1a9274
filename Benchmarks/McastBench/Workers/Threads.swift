import Glibc

/// Runs `body` on a new detached thread.
func startThread(_ body: @escaping @Sendable () -> Void) {
  var thread = pthread_t()
  let box = unsafe Unmanaged.passRetained(ThreadBody(body)).toOpaque()
  let result = unsafe pthread_create(&thread, nil, runThread, box)
  precondition(result == 0, "pthread_create failed")
  pthread_detach(thread)
}

private final class ThreadBody: Sendable {
  let body: @Sendable () -> Void

  init(_ body: @escaping @Sendable () -> Void) {
    self.body = body
  }
}

private func runThread(_ box: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
  if let box = unsafe box { unsafe Unmanaged<ThreadBody>.fromOpaque(box).takeRetainedValue().body() }
  return nil
}

/// Prints on standard error, since standard output belongs to the coordinator.
func fputsToStandardError(_ text: String) {
  var text = text
  text.withUTF8 { unsafe _ = write(2, $0.baseAddress, $0.count) }
}
