// An invalid fixture stops the tests.
// swift-format-ignore-file: NeverForceUnwrap, NeverUseForceTry

import Foundation

/// Signed payloads with every intermediate value, computed by an implementation that shares no code with this one.
package struct SigningVectors: Sendable {
  /// The file in this target's resources.
  package static let shared = SigningVectors()

  package struct Tree: Sendable {
    package let root: [UInt8]
    package let signed: [UInt8]
    package let signature: [UInt8]
    package let payloads: [[UInt8]]
  }

  package let publicKey: [UInt8]
  package let tag: UInt8
  package let context: [UInt8]
  package let fingerprint: String
  package let trees: [Tree]

  private init() {
    let file = Bundle.module.url(forResource: "signing", withExtension: "txt")!
    let lines = try! String(contentsOf: file, encoding: .utf8).split(separator: "\n")
      .map { $0.split(separator: " ").map(String.init) }
    func value(_ label: String) -> String { lines.first { $0.dropLast().joined(separator: " ") == label }!.last! }
    publicKey = bytes(value("public key"))
    tag = bytes(value("identity tag"))[0]
    context = bytes(value("group context"))
    fingerprint = value("fingerprint")
    let starts = lines.indices.filter { lines[$0].contains("messages;") }
    trees = starts.map { start in
      let count = Int(lines[start][0])!
      return Tree(
        root: bytes(lines[start].last!), signed: bytes(lines[start + 1].last!),
        signature: bytes(lines[start + 2].last!),
        payloads: lines[(start + 3)..<(start + 3 + count)].map { bytes($0.last!) })
    }
  }
}
