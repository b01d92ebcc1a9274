import Foundation
import TestSupport
import Testing

@testable import mcast_peer

@Suite("JSON lines")
struct JSONLineTests {
  private static func line(_ payload: [UInt8]) -> String {
    var line = JSONLine()
    line.add(payload: payload.span)
    var text: [UInt8] = []
    line.end(in: &text)
    return String(decoding: text, as: UTF8.self)
  }

  @Test("another decoder reads every character back, and none breaks the line", arguments: [false, true])
  func characters(whole: Bool) async throws {
    let broken = try await onThread {
      struct Message: Decodable {
        let length: Int
        let text: String
      }
      let scalars = (0...0x10FFFF).lazy.compactMap(UnicodeScalar.init).filter {
        $0.value < 0x3000 || $0.value % 251 == 0
      }
      let texts = whole ? [String(String.UnicodeScalarView(scalars))] : scalars.map { String($0) }
      return try texts.filter { text in
        let json = Self.line(Array(text.utf8))
        let message = try JSONDecoder().decode(Message.self, from: Data(json.utf8))
        let isWhole = Array(message.text.utf8) == Array(text.utf8) && message.length == text.utf8.count
        let isObeyed = json.dropLast().unicodeScalars.contains { scalar in
          scalar.properties.isBidiControl
            || [.control, .lineSeparator, .paragraphSeparator].contains(scalar.properties.generalCategory)
        }
        return !isWhole || isObeyed || !json.hasSuffix("}\n")
          || json.dropLast().utf8.contains { $0 < 0x20 || $0 == 0x7F }
      }
    }
    #expect(broken == [])
  }

  @Test("escapes are those of JSON, in their short form if there is one")
  func escapes() {
    #expect(
      Self.line(Array("a\"\\/\n\r\t\u{0}\u{1F}\u{7F}é".utf8))
        == #"{"length":12,"text":"a\"\\/\n\r\t\u0000\u001f\u007fé"}"#
        + "\n")
    #expect(Self.line([]) == #"{"length":0,"text":""}"# + "\n")
  }

  @Test("bytes that are not UTF-8 are written as base64, at any length")
  func base64() throws {
    struct Message: Decodable {
      let length: Int
      let base64: Data
    }
    for count in 1...300 {
      let payload = (0..<count).map { UInt8(truncatingIfNeeded: 255 - $0) }
      let message = try JSONDecoder().decode(Message.self, from: Data(Self.line(payload).utf8))
      #expect(Array(message.base64) == payload && message.length == count)
    }
    // Also invalid UTF-8: truncated, overlong, a surrogate, and beyond the last character.
    for payload: [UInt8] in [[0xC3], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80]] {
      #expect(Self.line(payload).contains("base64"))
    }
  }

  @Test("numbers, lists and objects are valid JSON")
  func values() {
    var line = JSONLine("name", time: Array("now".utf8))
    line.add("zero", 0)
    line.add("nine", 9)
    line.add("ten", 10)
    line.add("most", Int.max)
    line.add("least", Int.min)
    line.add("none", [String]())
    line.add("two", ["a", "\""])
    var object = JSONLine()
    object.add("x", 1)
    line.add("object", object)
    line.add("empty", JSONLine())
    line.add("objects", [object, JSONLine()])
    var text: [UInt8] = []
    line.end(in: &text)
    #expect(
      String(decoding: text, as: UTF8.self)
        == #"{"event":"name","time":"now","zero":0,"nine":9,"ten":10,"most":9223372036854775807,"#
        + #""least":-9223372036854775808,"none":[],"two":["a","\""],"object":{"x":1},"empty":{},"objects":[{"x":1},{}]}"#
        + "\n")
  }

  @Test(
    "a time is in the form of RFC 3339, in UTC, to the microsecond",
    arguments: [
      (0, 0, "1970-01-01T00:00:00.000000Z"), (951_782_399, 999_999_999, "2000-02-28T23:59:59.999999Z"),
      (951_782_400, 1_000, "2000-02-29T00:00:00.000001Z"), (4_102_444_800, 120_000, "2100-01-01T00:00:00.000120Z"),
    ])
  func time(second: Int, nanoseconds: Int, expected: String) {
    var clock = WallClock()
    #expect(String(decoding: clock.text(of: timespec(tv_sec: 1, tv_nsec: 5)), as: UTF8.self).hasSuffix(":01.000000Z"))
    for _ in 1...2 {
      #expect(
        String(decoding: clock.text(of: timespec(tv_sec: second, tv_nsec: nanoseconds)), as: UTF8.self) == expected)
    }
  }
}
