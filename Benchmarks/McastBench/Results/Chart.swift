/// A bar chart, as SVG: the messages a second of each method, with spreads and the limit in memory.
struct Chart {
  struct Bar {
    var name: String
    var value: Summary
    /// The limit in memory; nil if it does not apply.
    var limit: Double?
    var color: String
  }

  var title: String
  var bars: [Bar]
  var caption: [String]

  // In points: the widths of names, bars and numbers; the height of a bar with its gap; the top margin.
  private let left = 290.0
  private let width = 440.0
  private let right = 150.0
  private let step = 26.0
  private let top = 48.0

  init(title: String, bars: [Bar], caption: [String]) {
    self.title = title
    self.bars = bars
    self.caption = caption
  }

  var svg: String {
    let most = max(bars.map { max($0.value.median + $0.value.spread, $0.limit ?? 0) }.max() ?? 1, 1)
    let bottom = top + Double(bars.count) * step
    let height = bottom + 24 + Double(caption.count) * 16
    let total = left + width + right
    var lines = [
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 \(total.plain) \(height.plain)\" "
        + "font-family=\"sans-serif\" font-size=\"13\">",
      "<title>\(title.escaped)</title>",
      "<rect width=\"\(total.plain)\" height=\"\(height.plain)\" fill=\"#ffffff\"/>",
      text(title, x: 12, y: 28, size: 16),
    ]
    for (index, bar) in bars.enumerated() {
      lines += drawn(bar, y: top + Double(index) * step, scale: width / most)
    }
    for (index, line) in caption.enumerated() {
      lines.append(text(line, x: 12, y: bottom + 24 + Double(index) * 16, size: 11))
    }
    return (lines + ["</svg>", ""]).joined(separator: "\n")
  }

  private func drawn(_ bar: Bar, y: Double, scale: Double) -> [String] {
    let end = left + bar.value.median * scale
    let spread = bar.value.spread * scale
    let middle = y + step / 2 - 3
    var lines = [
      text(bar.name, x: left - 8, y: middle + 4, anchor: "end"),
      "<rect x=\"\(left.plain)\" y=\"\(y.plain)\" width=\"\((end - left).plain)\" height=\"\((step - 6).plain)\" "
        + "fill=\"\(bar.color)\"/>",
      line(end - spread, middle, end + spread, middle, "#202020"),
    ]
    var edge = end + spread
    if let limit = bar.limit {
      let x = left + limit * scale
      lines.append(line(x, y - 2, x, y + step - 4, "#b00020"))
      edge = max(edge, x)
    }
    return lines + [text(bar.value.median.short, x: edge + 6, y: middle + 4)]
  }

  private func line(_ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, _ color: String) -> String {
    "<line x1=\"\(x1.plain)\" y1=\"\(y1.plain)\" x2=\"\(x2.plain)\" y2=\"\(y2.plain)\" stroke=\"\(color)\" "
      + "stroke-width=\"2\"/>"
  }

  private func text(_ text: String, x: Double, y: Double, size: Int = 13, anchor: String = "start") -> String {
    "<text x=\"\(x.plain)\" y=\"\(y.plain)\" font-size=\"\(size)\" text-anchor=\"\(anchor)\" fill=\"#202020\">"
      + "\(text.escaped)</text>"
  }
}

extension Double {
  /// The number with one digit after the point.
  fileprivate var plain: String { "\((self * 10).rounded() / 10)" }
}

extension String {
  /// The text, escaped for XML.
  fileprivate var escaped: String {
    reduce(into: "") { text, character in
      switch character {
      case "&": text += "&amp;"
      case "<": text += "&lt;"
      case ">": text += "&gt;"
      default: text.append(character)
      }
    }
  }
}
