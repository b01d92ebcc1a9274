import CommonSupport
import Glibc
import MulticastDTLS

/// The three lines that a peer logs at its start. Each fits 80 columns behind the time of day: longer values are shortened.
struct StartLines {
  /// The columns of a line: 80, without `HH:MM:SS `.
  static let columns = 71

  let member: MemberID
  let group: GroupAddress
  let suite: CipherSuite
  /// True if messages are signed under each secret of the ring.
  let isSigned: Bool
  let keyIDs: [KeyID]
  /// The source of the secret: a path, or a variable.
  let secret: String
  /// The directory of the state; nil if there is none.
  let state: String?
  /// The names of the interfaces; the first is sent on.
  let interfaces: [String]
  let timeToLive: UInt8
  let peers: MemberSet
  /// True if the members are those of a roster.
  let hasRoster: Bool
  /// Nil if the peer only listens.
  let epoch: Epoch?
  let home: String?

  /// The lines.
  var all: [String] { [protection, files, place] }

  private var protection: String {
    let suiteName =
      switch (suite.isEncrypted, isSigned) {
      case (true, true): "SIGNED AND ENCRYPTED"
      case (true, false): "AUTHENTICATED AND ENCRYPTED"
      case (false, true): "SIGNED, NOT ENCRYPTED"
      case (false, false): "AUTHENTICATED, NOT ENCRYPTED"
      }
    let others = keyIDs.dropFirst().map(\.description).joined(separator: ", ")
    let key = "key ID \(keyIDs[0])"
    return Self.first([
      "\(suiteName) (\(suite.name)), \(key)" + (others.isEmpty ? "" : ", also \(others)"),
      "\(suiteName), \(key), also \(others)", "\(suiteName), \(key), also \(keyIDs.count - 1) more",
    ])
  }

  private var files: String {
    let secret = fromHome(secret)
    guard let state = state.map(fromHome) else {
      return "secret \(shortened(secret, to: Self.columns - "secret , NO STATE".count)), NO STATE"
    }
    let room = Self.columns - "secret , state ".count
    let secretRoom = max(room / 2, room - state.count)
    let shownSecret = shortened(secret, to: secretRoom)
    return "secret \(shownSecret), state \(shortened(state, to: room - shownSecret.count))"
  }

  private var place: String {
    let sending = epoch.map { "epoch \($0)" } ?? "listening"
    let names = interfaces.map(\.visible).joined(separator: ", ")
    let few = interfaces.count > 1 ? "\(interfaces[0].visible) +\(interfaces.count - 1)" : names
    func line(_ member: String, _ interfaces: String, _ peers: String) -> String {
      "member \(member) on \(interfaces), TTL \(timeToLive), \(hasRoster ? "roster" : "peers") \(peers), \(sending)"
    }
    let place = "\(member) of \(group)"
    return Self.first([
      line(place, names, "\(peers)"), line(place, few, "\(peers)"), line(place, names, "\(peers.count)"),
      line(place, few, "\(peers.count)"), line("\(member)", few, "\(peers.count)"),
    ])
  }

  /// The first text that fits; the last if none does.
  private static func first(_ texts: [String]) -> String {
    texts.first { $0.count <= columns } ?? texts[texts.count - 1]
  }

  private func fromHome(_ path: String) -> String {
    guard let home, home.count > 1, path.hasPrefix(home + "/") else { return path.visible }
    return "~" + path.dropFirst(home.count).description.visible
  }

  /// A text without its beginning, if it is longer than the room.
  private func shortened(_ text: String, to room: Int) -> String {
    text.count <= room ? text : "…" + text.suffix(max(1, room - 1))
  }
}
