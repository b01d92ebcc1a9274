import Foundation
import TestSupport

/// A line of `-o json`, decoded independently of the command.
struct EventLine: Decodable {
  let event: String
  let time: String
  let interface: String?
  let source: String?
  let member: Int?
  let members: Members?
  let epoch: Int?
  let sequence: Int?
  let length: Int?
  let text: String?
  let base64: String?
  let reason: String?
  let count: Int?
  let cause: String?
  let message: String?
  let group: String?
  let interfaces: [String]?
  let suite: String?
  let peers: String?
  let keyIDs: [String]?
  let received: Int?
  let sent: Int?

  /// The members in the event, one or several.
  var all: [Int] { member.map { [$0] } ?? members?.ids ?? [] }

  /// The statistics of a member, in `stats`.
  struct Figures: Decodable {
    let member: Int
    let state: String
    let lastHeard: String?
    let source: String?
    let received: Int
    let lost: Int
  }

  /// A list of IDs, or of statistics in `stats`.
  enum Members: Decodable {
    case list([Int])
    case figures([Figures])

    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if let list = try? container.decode([Int].self) {
        self = .list(list)
      } else {
        self = .figures(try container.decode([Figures].self))
      }
    }

    var ids: [Int]? { if case .list(let list) = self { list } else { nil } }
    var figures: [Figures] { if case .figures(let figures) = self { figures } else { [] } }
  }

  /// The payload of a message.
  var payload: [UInt8]? {
    text.map { Array($0.utf8) } ?? base64.flatMap { Data(base64Encoded: $0) }.map(Array.init)
  }
}

extension PeerProcess {
  /// Its output lines, decoded as JSON.
  var events: [EventLine] {
    get throws {
      // The last line may not be whole yet.
      try output.split(separator: "\n", omittingEmptySubsequences: false).dropLast().map {
        try JSONDecoder().decode(EventLine.self, from: Data($0.utf8))
      }
    }
  }

  func events(_ event: String) throws -> [EventLine] {
    try events.filter { $0.event == event }
  }

  /// Waits for an event that meets a condition.
  func waitForEvent(_ event: String, _ what: String = "", _ holds: (EventLine) -> Bool = { _ in true }) async throws {
    try await eventually("\(event) \(what)") { try events(event).contains(where: holds) }
  }
}
