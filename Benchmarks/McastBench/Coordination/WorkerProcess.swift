import CBenchSupport
import FoundationEssentials
import Glibc

/// A worker process, which runs until this object is released.
final class WorkerProcess {
  let process: CInt
  private let input: CInt
  private let output: CInt
  /// The bytes after the last whole line.
  private var rest: [UInt8] = []

  /// - Parameter readsOnMainActor: True for a receiver that reads messages there.
  init(shared: CInt, readsOnMainActor: Bool = false) throws {
    var child = cbench_child()
    let result = unsafe cbench_spawn(readsOnMainActor ? "reading-worker" : "worker", shared, &child)
    guard result == 0 else { throw BenchError("cannot start a worker: errno \(-result)") }
    (process, input, output) = (child.process, child.input, child.output)
  }

  deinit {
    // The worker ends at the end of its orders.
    close(input)
    close(output)
    waitpid(process, nil, 0)
  }

  /// Sends an order. Call ``answer()`` before the next order.
  func order(_ order: Order) throws {
    try JSONLine.write(order, to: input)
  }

  /// Waits for the answer to the last order.
  ///
  /// - Throws: ``BenchError`` if the worker failed or has ended.
  func answer() throws -> Answer {
    let answer = try JSONDecoder().decode(Answer.self, from: Data(readLine()))
    if case .failed(let reason) = answer { throw BenchError("a worker failed: \(reason)") }
    return answer
  }

  private func readLine() throws -> [UInt8] {
    while true {
      if let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
        defer { rest.removeSubrange(...end) }
        return Array(rest[..<end])
      }
      let chunk = unsafe [UInt8](unsafeUninitializedCapacity: 4096) { buffer, count in
        count = unsafe max(read(output, buffer.baseAddress, buffer.count), 0)
      }
      guard !chunk.isEmpty else { throw BenchError("a worker has ended") }
      rest += chunk
    }
  }
}
