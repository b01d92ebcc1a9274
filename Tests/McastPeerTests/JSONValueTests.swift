import Foundation
import TestSupport
import Testing

@testable import mcast_peer

@Suite("JSON that the command reads")
struct JSONValueTests {
  @Test("each kind of value is read")
  func values() throws {
    let text = #"""
       { "a" : [ 1, -2.5e1, true, false, null, {} , [] ], "b":"x\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00é", "b2":0.25 }
      """#
    let value = try JSONValue(Array(text.utf8))
    #expect(
      value["a"]?.list == [.number(1), .number(-25), .bool(true), .bool(false), .null, .object([:]), .list([])])
    #expect(value["b"]?.text == "x\"\\/\u{8}\u{C}\n\r\té😀é")
    #expect(value["b2"]?.number == 0.25 && value["b2"]?.int == nil && value["c"] == nil)
  }

  @Test(
    "all other text is refused",
    arguments: [
      "", " ", "{", "}", "[1,]", "[1 2]", "{\"a\"}", "{\"a\":}", "{a:1}", "01", ".5", "1.", "+1", "1e", "-", "tru",
      "nul", "\"", "\"\u{1}\"", "\"\\x\"", "\"\\u12\"", "\"\\u12g4\"", "\"\\ud83d\"", "\"\\ud83dx\"",
      "\"\\ud83d\\u0041\"", "\"\\ude00\"", "1 1", "NaN", "inf", "'a'",
      String(repeating: "[", count: 17) + String(repeating: "]", count: 17), String(repeating: "[", count: 1_000_000),
    ])
  func malformed(text: String) {
    #expect(throws: JSONValue.Malformed.self) { try JSONValue(Array(text.utf8)) }
  }

  @Test("bytes that are not UTF-8 are refused, and no mutation of a document is fatal")
  func hostile() {
    #expect(throws: JSONValue.Malformed.self) { try JSONValue([0x22, 0xFF, 0x22]) }
    let document = Array(#"{"a":[1,2.5,"x\u00e9\ud83d\ude00"],"b":{"c":null}}"#.utf8)
    var generator = SeededGenerator(seed: 21)
    for _ in 0..<20_000 {
      var bytes = document
      for _ in 0..<Int.random(in: 1...3, using: &generator) {
        bytes[Int.random(in: bytes.indices, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
      }
      let isValid = (try? JSONValue(bytes)) != nil
      // An independent parser, which also takes what is no UTF-8 in some encodings.
      if isValid { #expect((try? JSONSerialization.jsonObject(with: Data(bytes), options: .fragmentsAllowed)) != nil) }
    }
  }
}
