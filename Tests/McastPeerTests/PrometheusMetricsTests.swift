import Foundation
import Metrics
import Testing

@testable import mcast_peer

@Suite("Prometheus's text format")
struct PrometheusMetricsTests {
  @Test("metrics are sorted by name and labels, with help and type, and counters end in _total")
  func sorted() {
    let metrics = PrometheusMetrics(
      labels: [("peer", "0")], help: ["b_total": "What b counts.", "a": "What a\nshows, as in \\ and \"."])
    func counter(_ member: String) -> Counter {
      Counter(label: "b", dimensions: [("reason", "own"), ("member", member)], factory: metrics)
    }
    counter("2").increment(by: 3)
    counter("1").increment(by: 4)
    counter("2").increment(by: 5)
    Gauge(label: "c", dimensions: [], factory: metrics).record(0.5)
    Gauge(label: "a", dimensions: [], factory: metrics).record(-7)
    #expect(
      metrics.text == """
        # HELP a What a\\nshows, as in \\\\ and ".
        # TYPE a gauge
        a{peer="0"} -7
        # HELP b_total What b counts.
        # TYPE b_total counter
        b_total{member="1",peer="0",reason="own"} 4
        b_total{member="2",peer="0",reason="own"} 8
        # TYPE c gauge
        c{peer="0"} 0.5

        """)
    #expect(metrics.text == metrics.text)
  }

  @Test(
    "the value of a label is escaped, whatever it is",
    arguments: [
      ("\"", "\\\""), ("\\", "\\\\"), ("\n", "\\n"), ("\\n", "\\\\n"), ("\r\n", "\r\\n"),
      ("a\"} 1\nb{c=\"", "a\\\"} 1\\nb{c=\\\""),
    ])
  func escaped(value: String, escaped: String) async throws {
    let metrics = PrometheusMetrics(labels: [], help: ["x": "Help."])
    Gauge(label: "x", dimensions: [("name", value)], factory: metrics).record(1)
    #expect(metrics.text == "# HELP x Help.\n# TYPE x gauge\nx{name=\"\(escaped)\"} 1\n")
    if Promtool.isInstalled { try await Promtool.run("check metrics", input: metrics.text) }
  }

  @Test(
    "a number is written in Go's form",
    arguments: [
      (0.0, "0"), (-0.0, "0"), (1_795_839_322, "1795839322"), (9_007_199_254_740_992, "9007199254740992"),
      (0.25, "0.25"),
      (.infinity, "+Inf"), (-.infinity, "-Inf"), (.nan, "NaN"), (1e300, "1e+300"),
    ])
  func numbers(value: Double, text: String) {
    let metrics = PrometheusMetrics(labels: [], help: [:])
    Gauge(label: "x", dimensions: [], factory: metrics).record(value)
    #expect(metrics.text == "# TYPE x gauge\nx{} \(text)\n")
  }

  @Test("a destroyed series is gone, and begins anew when it is made again")
  func destroyed() {
    let metrics = PrometheusMetrics(labels: [], help: [:])
    let counters = ["1", "2"].map { Counter(label: "x", dimensions: [("member", $0)], factory: metrics) }
    for counter in counters { counter.increment(by: 5) }
    counters[0].destroy()
    #expect(metrics.text == "# TYPE x_total counter\nx_total{member=\"2\"} 5\n")
    _ = Counter(label: "x", dimensions: [("member", "1")], factory: metrics)
    #expect(metrics.text == "# TYPE x_total counter\nx_total{member=\"1\"} 0\nx_total{member=\"2\"} 5\n")
  }

  @Test("threads that count at the same time lose nothing, and read whole lines meanwhile")
  func threads() {
    let metrics = PrometheusMetrics(labels: [], help: [:])
    DispatchQueue.concurrentPerform(iterations: 4) { _ in
      for number in 0..<500 {
        Counter(label: "x", dimensions: [("member", "\(number % 10)")], factory: metrics).increment()
        if number % 50 == 0 { #expect(metrics.text.hasSuffix("\n")) }
      }
    }
    let counted = metrics.text.split(separator: "\n").dropFirst().compactMap { Int($0.split(separator: " ")[1]) }
    #expect(counted == Array(repeating: 200, count: 10))
  }
}
