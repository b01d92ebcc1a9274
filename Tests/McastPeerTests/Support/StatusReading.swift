import Foundation

@testable import MulticastDTLS
@testable import mcast_peer

/// A document that is none of `status`.
struct UnreadableStatus: Error {}

extension StatusReport {
  /// Reads a document with Foundation, and not with the code under test.
  init(json bytes: [UInt8]) throws {
    guard let document = try JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any],
      let group = document["group"] as? String, let interfaces = document["interfaces"] as? [String],
      let suite = document["suite"] as? String, let keyIDs = document["keyIDs"] as? [String],
      let members = document["members"] as? [[String: Any]], let complete = document["complete"] as? Bool
    else { throw UnreadableStatus() }
    let peer = try (document["member"] as? Int).map { member in
      Peer(
        member: MemberID(rawValue: UInt8(member)),
        epoch: try (document["epoch"] as? Int).map { try Epoch($0) }, sent: document["sent"] as? Int ?? -1)
    }
    self.init(
      peer: peer, group: group, interfaces: interfaces, suite: try Self.suite(suite),
      isSigned: document["signed"] as? Bool ?? false, keyIDs: try keyIDs.map { try KeyID($0) },
      time: .milliseconds(Int(((document["seconds"] as? Double ?? -1) * 1000).rounded())),
      received: document["received"] as? Int ?? -1, lost: document["lost"] as? Int ?? -1,
      rejected: Self.counts(document["refused"]), droppedByKernel: document["droppedByKernel"] as? Int ?? -1,
      batchesDroppedByKernel: document["batchesDroppedByKernel"] as? Int ?? -1,
      unusableFiles: Dictionary(
        uniqueKeysWithValues: try (document["unusableFiles"] as? [String: String] ?? ["": ""]).map { name, reason in
          guard let file = UnusableFiles.File(rawValue: name) else { throw UnreadableStatus() }
          return (file, reason)
        }),
      members: try members.map { try Member(json: $0) })
    guard complete == isComplete else { throw UnreadableStatus() }
  }

  fileprivate static func suite(_ name: String) throws -> CipherSuite {
    guard let suite = CipherSuite.allCases.first(where: { $0.name == name }) else { throw UnreadableStatus() }
    return suite
  }

  fileprivate static func counts(_ value: Any?) -> [RejectionReason: Int] {
    Dictionary(
      uniqueKeysWithValues: (value as? [String: Int] ?? [:]).compactMap { name, count in
        RejectionReason(rawValue: name).map { ($0, count) }
      })
  }
}

extension StatusReport.Member {
  fileprivate init(json value: [String: Any]) throws {
    guard let member = value["member"] as? Int,
      let state = (value["state"] as? String).flatMap(StatusReport.State.init),
      let isAwaited = value["awaited"] as? Bool, let rate = value["messagesPerSecond"] as? Double
    else { throw UnreadableStatus() }
    self.init(
      member: MemberID(rawValue: UInt8(member)), name: value["name"] as? String, isAwaited: isAwaited, state: state,
      reason: (value["reason"] as? String).flatMap(RejectionReason.init),
      epoch: try (value["epoch"] as? Int).map { try Epoch($0) },
      keyID: try (value["keyID"] as? String).map { try KeyID($0) },
      suite: try (value["suite"] as? String).map { try StatusReport.suite($0) },
      isSigning: value["signed"] as? Bool ?? false,
      age: (value["secondsSinceHeard"] as? Double).map { .milliseconds(Int(($0 * 1000).rounded())) }, rate: rate,
      received: value["received"] as? Int ?? -1, lost: value["lost"] as? Int ?? -1,
      reordered: value["reordered"] as? Int ?? -1, rejected: StatusReport.counts(value["refused"]),
      source: value["source"] as? String)
  }
}
