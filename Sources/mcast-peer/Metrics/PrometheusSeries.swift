import Metrics
import Synchronization

/// The value of one counter or gauge. Any thread may change it.
final class PrometheusSeries: CounterHandler, RecorderHandler {
  let name: String
  /// The labels as they are rendered, with their braces.
  let labels: String

  private let present = Mutex(0.0)

  init(name: String, labels: String) {
    (self.name, self.labels) = (name, labels)
  }

  /// The value of now. Prometheus itself keeps each value as such a number, which is exact up to 2^53.
  var value: Double { present.withLock { $0 } }

  func increment(by amount: Int64) { present.withLock { $0 += Double(amount) } }

  func reset() { record(0.0) }

  func record(_ value: Int64) { record(Double(value)) }

  func record(_ value: Double) { present.withLock { $0 = value } }
}
