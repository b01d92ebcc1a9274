import Foundation
import TestSupport
import Testing

@testable import MulticastDTLS
@testable import mcast_peer

@Suite("docs/metrics.md, the alert rules and the dashboard")
struct MetricsPageTests {
  private let page: String
  private let alerts: String
  private let alertTests: String

  init() throws {
    page = try Project.text(of: "docs/metrics.md")
    alerts = try Project.text(of: "docs/alerts.yaml")
    alertTests = try Project.text(of: "docs/alerts.test.yaml")
  }

  /// The metrics that a text names.
  private func metrics(in text: String) -> Set<String> {
    Set(text.matches(of: /multicast_dtls_\w+/).map { String($0.output) })
  }

  /// The names of the alerts.
  private var names: [String] { alerts.matches(of: /- alert: (\w+)/).map { String($0.output.1) } }

  @Test("the table has the name, type and help text of each metric")
  func table() {
    let rows = page.matches(of: /(?m)^\| `(multicast_dtls_\w+)` \| (\w+) \| [^|]*\| (.+) \|$/)
    #expect(rows.map { String($0.output.1) } == MetricCatalog.help.keys.sorted())
    for row in rows {
      let name = String(row.output.1)
      #expect(String(row.output.3) == MetricCatalog.help[name], "\(name)")
      #expect(row.output.2 == (name.hasSuffix("_total") ? "counter" : "gauge"), "\(name)")
    }
  }

  @Test("rules, tests and dashboard name only metrics and reasons that exist")
  func known() throws {
    for path in ["docs/alerts.yaml", "docs/alerts.test.yaml", "docs/dashboard.json"] {
      let text = try Project.text(of: path)
      let named = metrics(in: text)
      #expect(!named.isEmpty && named.isSubset(of: MetricCatalog.help.keys), "\(path): \(named)")
      for match in text.matches(of: /reason[=!]~?\\?"([^"\\]+)/) {
        for reason in match.output.1.split(separator: "|") {
          #expect(RejectionReason(rawValue: String(reason)) != nil, "\(path): \(reason)")
        }
      }
    }
  }

  @Test("each alert is on the page, and fires and stays quiet in the tests")
  func covered() throws {
    #expect(names.count > 8 && Set(names).count == names.count)
    #expect(page.matches(of: /(?m)^\| `(Multicast\w+)` \|/).map { String($0.output.1) } == names)
    for name in names {
      #expect(alertTests.contains("{alertname: \(name), eval_time:"), "\(name) never stays quiet")
      let firing = try Regex("alertname: \(name)\n +eval_time: \\w+\n +exp_alerts:\n +- ")
      #expect(alertTests.contains(firing), "\(name) never fires")
    }
  }

  @Test(
    "promtool accepts the rules, and the alerts fire on made-up series, and not on those of a healthy group",
    .enabled(if: Promtool.isInstalled, "scripts/setup test fetches promtool"))
  func rules() async throws {
    for command in ["check rules docs/alerts.yaml", "test rules docs/alerts.test.yaml"] {
      #expect(page.contains("\npromtool \(command)\n"))
      try await Promtool.run(command.replacing("docs/", with: "\(Project.root.path)/docs/"))
    }
  }

  @Test(
    "promtool accepts each query of the dashboard",
    .enabled(if: Promtool.isInstalled, "scripts/setup test fetches promtool"))
  func dashboard() async throws {
    let path = Project.root.appending(path: "docs/dashboard.json").path
    let jq = try PeerProcess([], shell: "exec jq -r '.panels[] | .targets[].expr' '\(path)'")
    #expect(try await jq.exitCode() == 0)
    let queries = try jq.output.split(separator: "\n")
    #expect(queries.count > 8)
    // Grafana puts a time in the place of its variable.
    let rules = queries.enumerated().map { number, query in
      "  - {record: 'query\(number)', expr: '\(query.replacing("$__rate_interval", with: "1m"))'}\n"
    }
    let directory = TemporaryDirectory()
    let file = directory.write("groups:\n- name: dashboard\n  rules:\n\(rules.joined())", to: "rules.yaml")
    try await Promtool.run("check rules \(file)")
  }
}
