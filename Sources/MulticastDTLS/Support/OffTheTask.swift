import Dispatch

/// Runs a body that blocks on a thread of its own, so that it blocks none of the few threads that run Swift tasks.
func offTheTask<Value: Sendable, Failure: Error>(
  _ body: @escaping @Sendable () throws(Failure) -> Value
) async throws(Failure) -> Value {
  let result: Result<Value, Failure> = await withCheckedContinuation { done in
    DispatchQueue.global().async {
      done.resume(returning: Result { () throws(Failure) in try body() })
    }
  }
  return try result.get()
}
