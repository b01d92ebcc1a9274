import Foundation
import TestSupport
import Testing

@testable import MulticastDTLS

@Suite("The README")
struct ReadmeTests {
  private static let root = URL(filePath: #filePath).appending(path: "../../..").standardized

  @Test("the library example of the README is compiled in this file")
  func example() throws {
    let readme = try String(contentsOf: Self.root.appending(path: "README.md"), encoding: .utf8)
    let block = try #require(readme.firstMatch(of: /```swift\nimport MulticastDTLS\n\n(?<code>(?s:.*?))```/)).output
      .code
    let source = try String(contentsOfFile: #filePath, encoding: .utf8)
    let compiled = source.split(separator: "\n").map { $0.drop { $0 == " " } }
    for line in block.split(separator: "\n") {
      #expect(compiled.contains(line.drop { $0 == " " }), "\(line)")
    }
  }

  /// Compiled, but not run: it would use the user's own secret and wait for other members.
  private func compiled() async throws {
    let state = try StateDirectory.standard()
    let keys = try KeyRing(from: .choose(secretFile: nil), markingIn: state)
    let peer = try MulticastPeer(
      .init(member: 0, peers: MemberSet(0...2), group: .standard, suite: .pskChaCha20Poly1305, state: state),
      keys: keys)
    try peer.send("Hello")
    for await message in peer.messages.prefix(10) {
      print(message.sender, String(decoding: message.payload, as: UTF8.self))
    }
    await peer.stop()
  }
}
