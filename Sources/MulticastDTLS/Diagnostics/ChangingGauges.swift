import Metrics

/// The gauges of one name with one dimension, whose values come and go. Each is 1 or 0.
struct ChangingGauges<Value: Hashable> {
  private let label: String
  private let dimension: String
  private let factory: any MetricsFactory
  private var gauges: [Value: Gauge] = [:]

  init(_ label: String, _ dimension: String, _ factory: any MetricsFactory) {
    (self.label, self.dimension, self.factory) = (label, dimension, factory)
  }

  /// Records the present values of the dimension, and removes the gauges of all others.
  mutating func record(_ present: [Value: Bool]) {
    for (value, gauge) in gauges where present[value] == nil {
      gauge.destroy()
      gauges[value] = nil
    }
    for (value, isOn) in present {
      let gauge = gauges[value] ?? Gauge(label: label, dimensions: [(dimension, "\(value)")], factory: factory)
      gauges[value] = gauge
      gauge.record(isOn ? 1 : 0)
    }
  }
}
