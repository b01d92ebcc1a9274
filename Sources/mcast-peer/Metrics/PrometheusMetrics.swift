import Metrics
import Synchronization

/// A backend of swift-metrics that renders counters and gauges in the text format of Prometheus.
///
/// The name of a counter ends in `_total` there. The peer makes no other kind of metric: the few handlers that the
/// protocol asks for besides drop what they get. Source: Prometheus, "Exposition formats" and "Metric and label naming".
final class PrometheusMetrics: MetricsFactory {
  /// The help text of each metric, by its name in the file.
  private let help: [String: String]
  /// The labels of every series.
  private let labels: [(String, String)]
  private let families = Mutex<[String: Family]>([:])

  /// The series of one name.
  private struct Family {
    let type: String
    /// The series by their labels, as they are rendered.
    var series: [String: PrometheusSeries] = [:]
  }

  init(labels: [(String, String)], help: [String: String]) {
    (self.labels, self.help) = (labels, help)
  }

  /// All series with their values of now, sorted by name and labels.
  var text: String {
    families.withLock { families in
      families.sorted { $0.key < $1.key }.reduce(into: "") { text, family in
        let (name, family) = family
        if let help = help[name] { text += "# HELP \(name) \(Self.escaped(help))\n" }
        text += "# TYPE \(name) \(family.type)\n"
        for (labels, series) in family.series.sorted(by: { $0.key < $1.key }) {
          text += "\(name)\(labels) \(Self.text(of: series.value))\n"
        }
      }
    }
  }

  // MARK: - MetricsFactory

  func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
    series("\(label)_total", "counter", dimensions)
  }

  func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
    aggregate
      ? NOOPMetricsHandler.instance.makeRecorder(label: label, dimensions: dimensions, aggregate: true)
      : series(label, "gauge", dimensions)
  }

  func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
    NOOPMetricsHandler.instance.makeTimer(label: label, dimensions: dimensions)
  }

  func destroyCounter(_ handler: any CounterHandler) { remove(handler) }

  func destroyRecorder(_ handler: any RecorderHandler) { remove(handler) }

  func destroyTimer(_ handler: any TimerHandler) {}

  /// The series of a name and labels; the same one each time.
  private func series(_ name: String, _ type: String, _ dimensions: [(String, String)]) -> PrometheusSeries {
    let labels = (labels + dimensions).sorted { $0.0 < $1.0 }
    let text = "{\(labels.map { "\($0)=\"\(Self.escaped($1, isQuoted: true))\"" }.joined(separator: ","))}"
    return families.withLock { families in
      if let series = families[name]?.series[text] { return series }
      let series = PrometheusSeries(name: name, labels: text)
      families[name, default: Family(type: type)].series[text] = series
      return series
    }
  }

  private func remove(_ handler: AnyObject) {
    guard let series = handler as? PrometheusSeries else { return }
    families.withLock { $0[series.name]?.series[series.labels] = nil }
  }

  // MARK: - Text

  /// A text with the escapes of a help line, or of a label's value in its quotation marks.
  private static func escaped(_ text: String, isQuoted: Bool = false) -> String {
    // By scalars: a carriage return and a line feed are one character.
    text.unicodeScalars.reduce(into: "") { escaped, scalar in
      switch scalar {
      case "\\": escaped += "\\\\"
      case "\n": escaped += "\\n"
      case "\"" where isQuoted: escaped += "\\\""
      default: escaped.unicodeScalars.append(scalar)
      }
    }
  }

  /// A number in Go's form. Source: Go, strconv.ParseFloat.
  private static func text(of value: Double) -> String {
    if value.isInfinite { return value > 0 ? "+Inf" : "-Inf" }
    if value.isNaN { return "NaN" }
    return Int64(exactly: value).map(String.init) ?? "\(value)"
  }
}
