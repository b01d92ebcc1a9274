import Testing

@testable import mcast_peer

@Suite("Lines of a stream")
struct LineSplitterTests {
  private func split(_ chunks: [[UInt8]], limit: Int = 5) -> [LineSplitter.Line] {
    var splitter = LineSplitter(limit: limit)
    var lines: [LineSplitter.Line] = []
    for chunk in chunks {
      chunk.withUnsafeBytes { bytes in splitter.take(bytes) { lines.append($0) } }
    }
    if let last = splitter.finish() { lines.append(last) }
    return lines
  }

  private func message(_ text: String) -> LineSplitter.Line {
    .message(Array(text.utf8))
  }

  @Test("each line is an unchanged message, also the last one without a newline")
  func lines() {
    #expect(split([Array("one\ntwo\n".utf8)]) == [message("one"), message("two")])
    #expect(split([Array("one\ntwo".utf8)]) == [message("one"), message("two")])
    #expect(split([Array("one\r\n \n".utf8)]) == [message("one\r"), message(" ")])
    #expect(split([[0, 0xFF, 10, 0xC3, 10]]) == [.message([0, 0xFF]), .message([0xC3])])
    #expect(split([[]]) == [])
  }

  @Test("empty and too long lines are told apart, and do not affect the others")
  func unfit() {
    #expect(
      split([Array("\n12345\n123456\n\nend".utf8)])
        == [.empty, message("12345"), .tooLong(6), .empty, message("end")])
    #expect(split([Array("123456789".utf8)]) == [.tooLong(9)])
  }

  @Test("the lines do not depend on the chunks of the stream")
  func cuts() {
    let bytes = Array("a\n\nfive5\nlonger than that\n\u{1F600}\r\nend".utf8)
    let whole = split([bytes], limit: 6)
    #expect(whole.count == 6)
    for first in 0...bytes.count {
      for second in first...bytes.count {
        #expect(
          split([Array(bytes[..<first]), Array(bytes[first..<second]), Array(bytes[second...])], limit: 6) == whole)
      }
    }
    #expect(split(bytes.map { [$0] }, limit: 6) == whole)
  }

  @Test("of an endless line only the length is kept")
  func endless() {
    var splitter = LineSplitter(limit: 5)
    let chunk = [UInt8](repeating: 7, count: 65_536)
    for _ in 0..<1000 {
      chunk.withUnsafeBytes { bytes in splitter.take(bytes) { _ in Issue.record("no line ends here") } }
    }
    #expect(splitter.finish() == .tooLong(65_536_000))
    #expect(MemoryLayout<LineSplitter>.size < 64)
  }
}
