import Foundation
import FoundationXML
import Testing

@testable import mcast_bench

@Suite("Tables and charts")
struct ChartTests {
  @Test("a chart with special characters is well-formed XML")
  func wellFormed() throws {
    let chart = Chart(
      title: "a < b & c",
      bars: [
        .init(name: "<one>", value: try #require(Summary([1, 2, 3])), limit: 4, color: "#123456"),
        .init(name: "two", value: try #require(Summary([0])), limit: nil, color: "#123456"),
      ],
      caption: ["R&D > all"])
    #expect(XMLParser(data: Data(chart.svg.utf8)).parse())
    #expect(chart.svg.contains("a &lt; b &amp; c"))
    #expect(chart.svg.contains("R&amp;D &gt; all"))
  }

  @Test("a chart without bars is well-formed XML")
  func empty() {
    #expect(XMLParser(data: Data(Chart(title: "", bars: [], caption: []).svg.utf8)).parse())
  }

  @Test("the columns of a table are aligned")
  func table() {
    let table = TextTable(header: ["name", "n"], rows: [["a", "1,000"], ["longer", "2"]])
    #expect(table.text == "name        n\na       1,000\nlonger      2")
  }
}
