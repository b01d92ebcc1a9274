import Synchronization
import TestSupport
import Testing

@testable import MulticastDTLS

@Suite("The stream of messages", .timeLimit(.minutes(3)))
struct MessageStreamTests {
  private func message(_ number: Int) -> Message {
    Message(
      origin: Message.Origin(sender: 1, epoch: .first, sequence: UInt64(number), source: endpoint()),
      payload: Array("\(number)".utf8))
  }

  private func makeStream(_ count: Int = 0, capacity: Int = 1000) -> MessageStream {
    let stream = MessageStream(buffer: StreamBuffer(capacity: capacity))
    for number in 0..<count { _ = stream.buffer.append(message(number)) }
    return stream
  }

  /// The numbers received by several tasks.
  private final class Numbers: Sendable {
    private let numbers = Mutex<[Int]>([])
    func append(_ number: Int) { numbers.withLock { $0.append(number) } }
    var sorted: [Int] { numbers.withLock { $0.sorted() } }
  }

  @Test("messages arrive in order, and the stream ends after the last one")
  func order() async {
    let stream = makeStream(10)
    stream.buffer.finish()
    var numbers: [Int] = []
    for await message in stream { numbers.append(Int(message.sequence)) }
    #expect(numbers == Array(0..<10))
    for await _ in stream { Issue.record("it is over") }
    #expect(!stream.buffer.append(message(10)))
  }

  @Test("a full stream rejects messages until a reader takes some")
  func capacity() async {
    let stream = makeStream(3, capacity: 3)
    #expect(!stream.buffer.append(message(3)))
    var iterator = stream.makeAsyncIterator()
    #expect(await iterator.next()?.sequence == 0)
    // A reader takes all waiting messages at once.
    #expect((4..<7).allSatisfy { stream.buffer.append(message($0)) })
    #expect(!stream.buffer.append(message(7)))
    var numbers: [UInt64] = []
    for _ in 0..<5 { await iterator.next().map { numbers.append($0.sequence) } }
    #expect(numbers == [1, 2, 4, 5, 6])
  }

  @Test("a message wakes a waiting reader")
  func wake() async throws {
    let stream = makeStream()
    async let first = stream.first { _ in true }
    try await Task.sleep(for: .milliseconds(50))
    #expect(stream.buffer.append(message(5)))
    #expect(await first?.sequence == 5)
  }

  @Test("messages left by one reader go to the next one, in order")
  func leave() async {
    let stream = makeStream(10)
    for await message in stream where message.sequence == 3 { break }
    _ = stream.buffer.append(message(10))
    stream.buffer.finish()
    #expect(await stream.reduce(into: []) { $0.append(Int($1.sequence)) } == Array(4...10))
  }

  @Test("cancelling the reading task ends its loop, and no message is lost for the next reader", arguments: [0, 5])
  func cancel(waiting: Int) async throws {
    let stream = makeStream(waiting)
    let isReading = Flag()
    let reader = Task {
      var count = 0
      for await _ in stream {
        isReading.set()
        count += 1
        // The task is cancelled between two messages, or while it waits for one.
        if waiting > 0 { while !Task.isCancelled { await Task.yield() } }
      }
      return count
    }
    if waiting > 0 {
      try await eventually("the reader") { isReading.isSet }
    } else {
      try await Task.sleep(for: .milliseconds(50))
    }
    reader.cancel()
    let taken = await reader.value
    #expect(taken == (waiting > 0 ? 1 : 0))
    for number in waiting..<(waiting + 3) { #expect(stream.buffer.append(message(number))) }
    stream.buffer.finish()
    #expect(await stream.reduce(into: []) { $0.append(Int($1.sequence)) } == Array(taken..<(waiting + 3)))
  }

  @Test("A message whose reader was woken and then cancelled goes to the other reader that waits")
  func passedOn() async throws {
    for _ in 0..<100 {
      let stream = makeStream()
      let taken = Numbers()
      let first = Task { for await message in stream { taken.append(Int(message.sequence)) } }
      try await Task.sleep(for: .milliseconds(2))
      let second = Task { for await message in stream { taken.append(Int(message.sequence)) } }
      try await Task.sleep(for: .milliseconds(2))
      #expect(stream.buffer.append(message(0)))
      first.cancel()
      try await eventually("the message") { taken.sorted == [0] }
      stream.buffer.finish()
      await first.value
      await second.value
    }
  }

  @Test("Readers that take one message and leave do not let the buffer grow past twice its capacity")
  func bounded() async {
    let stream = makeStream(10, capacity: 10)
    var appended = 10
    for _ in 0..<100 {
      for await _ in stream {
        while stream.buffer.append(message(appended)) { appended += 1 }
        break
      }
    }
    #expect(stream.buffer.takeAll().count < 20)
  }

  @Test("several readers get each message once between them, and all end with the stream")
  func several() async {
    let stream = makeStream(capacity: 100_000)
    let all = await withTaskGroup { tasks in
      for _ in 0..<4 {
        tasks.addTask { await stream.reduce(into: []) { $0.append(Int($1.sequence)) } }
      }
      tasks.addTask {
        for number in 0..<20_000 {
          _ = stream.buffer.append(self.message(number))
          if number % 100 == 0 { await Task.yield() }
        }
        stream.buffer.finish()
        return []
      }
      return await tasks.reduce(into: []) { $0 += $1 }
    }
    #expect(all.sorted() == Array(0..<20_000))
  }

  @Test("readers that are cancelled and started at the same time get each message once between them")
  func races() async {
    let stream = makeStream(capacity: 1_000_000)
    let taken = Numbers()
    let writer = Task {
      for number in 0..<50_000 {
        _ = stream.buffer.append(message(number))
        if number % 64 == 0 { await Task.yield() }
      }
      stream.buffer.finish()
    }
    var isOver = false
    while !isOver {
      let reader = Task { () -> Bool in
        for await message in stream { taken.append(Int(message.sequence)) }
        return !Task.isCancelled
      }
      try? await Task.sleep(for: .microseconds(Int64.random(in: 0...500)))
      reader.cancel()
      isOver = await reader.value
    }
    await writer.value
    for await message in stream { taken.append(Int(message.sequence)) }
    #expect(taken.sorted == Array(0..<50_000))
  }
}
