import Foundation
import Testing

/// The rooms are folders of one module, so the compiler does not check their dependencies. This test does.
@Suite("The rooms of the library")
struct ArrowTests {
  /// Each room may use its own types and those of the rooms before it. The front door is the library's top folder.
  private static let order = [
    "Support", "Wire", "Net", "Crypto", "WolfSSL", "Signing", "State", "Keys", "Diagnostics", "Sending", "Receiving",
    "Rotation",
    "front door", "Tools",
  ]

  struct File {
    let name: String
    let room: String
    let text: String

    /// The types, functions and constants that the file declares for other files.
    var declarations: [String] {
      text.matches(
        of:
          /(?m)^(?:(?:public|package|final|indirect) |@\w+(?:\([^)]*\))? )*(?:struct|class|enum|protocol|typealias|func|let|var) (\w+)/
      )
      .map { String($0.output.1) }
    }

    /// The words of its code, without comments and literals. Of a qualified name, the first word.
    var words: Set<String> {
      let code = text.replacing(/(?m)\/\/.*$/, with: "").replacing(/"(?:\\.|[^"\\\n])*"/, with: "\"\"")
      return Set(code.matches(of: /(?:^|[^.\w])(\w+)/).map { String($0.output.1) })
    }
  }

  /// Uses of a later room, as `room/file -> room/word`.
  static func wrongArrows(_ files: [File]) -> [String] {
    let rooms = Dictionary(files.flatMap { file in file.declarations.map { ($0, file.room) } }) { first, _ in first }
    let rank = Dictionary(uniqueKeysWithValues: order.enumerated().map { ($1, $0) })
    return files.flatMap { file in
      file.words.filter { word in
        rooms[word].map { rank[$0, default: .max] > rank[file.room, default: -1] } ?? false
      }
      .map { "\(file.room)/\(file.name) -> \(rooms[$0] ?? "")/\($0)" }
    }
    .sorted()
  }

  private func library() throws -> [File] {
    let root = URL(filePath: #filePath).appending(path: "../../../Sources/MulticastDTLS").standardized
    let files = try FileManager.default.subpathsOfDirectory(atPath: root.path).filter { $0.hasSuffix(".swift") }
    return try files.map { path in
      let parts = path.split(separator: "/").map(String.init)
      return File(
        name: parts[parts.count - 1], room: parts.count == 1 ? "front door" : parts[0],
        text: try String(contentsOf: root.appending(path: path), encoding: .utf8))
    }
  }

  @Test("each room uses only the rooms before it")
  func arrows() throws {
    let files = try library()
    #expect(Set(files.map(\.room)) == Set(Self.order))
    #expect(files.flatMap(\.declarations).count > 100)
    #expect(Self.wrongArrows(files) == [])
  }

  @Test("a use of a later room is found in code, but not in comments or literals")
  func wrongWay() {
    let files = [
      File(
        name: "Epoch.swift", room: "Wire", text: "/// See ReceiveLoop.\nstruct Epoch {\n  let text = \"ReceiveLoop\"\n}"
      ),
      File(name: "Loop.swift", room: "Receiving", text: "final class ReceiveLoop {\n  let epoch: Epoch\n}"),
      File(name: "MemberID.swift", room: "Wire", text: "struct MemberID {\n  var loop: ReceiveLoop?  // wrong\n}"),
    ]
    #expect(Self.wrongArrows(files) == ["Wire/MemberID.swift -> Receiving/ReceiveLoop"])
  }
}

/// Users see these texts in any program that uses the library.
@Suite("The texts of the library")
struct LibraryTextTests {
  @Test("the texts of the library name no option or subcommand of mcast-peer")
  func neutral() throws {
    let root = URL(filePath: #filePath).appending(path: "../../../Sources/MulticastDTLS").standardized
    let files = try FileManager.default.subpathsOfDirectory(atPath: root.path).filter { $0.hasSuffix(".swift") }
    #expect(files.count > 80)
    for file in files {
      let text = try String(contentsOf: root.appending(path: file), encoding: .utf8)
      for literal in text.replacing(/(?m)\/\/.*$/, with: "").matches(of: /"(?:\\.|[^"\\\n])*"/).map(\.output) {
        // Exceptions: wolfSSL's build options, and the probe datagram's text on the wire.
        let words = literal.replacing(/--enable-\w+/, with: "").replacing("mcast-peer doctor ", with: "")
        #expect(!words.contains(#/--[a-z]|mcast-peer (secret|watch|doctor)|\(-\w[ )]/#), "\(file): \(literal)")
      }
    }
  }
}
