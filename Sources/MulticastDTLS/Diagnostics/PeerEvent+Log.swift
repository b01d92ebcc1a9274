import Logging

extension PeerEvent {
  /// The event as a line of the log: a fixed text for each kind, and the details as metadata.
  var message: Logger.Message {
    switch kind {
    case .nothingHeard: "no member is heard"
    case .otherSecret, .otherSecretUnexpected: "records do not authenticate: another secret"
    case .unknownMember: "a member of the group is not followed"
    case .staleEpoch: "a member sends in an earlier epoch"
    case .repeatedNumbers: "a member repeats its numbers"
    case .restarted: "a member restarted"
    case .silent: "a member is silent"
    case .heardAgain: "a member is heard again"
    case .duplicateID: "another process sends with this member's ID"
    case .cloned: "another process sends with this member's ID and secret: nonces may have repeated"
    case .alternatingSources: "two addresses send as one member"
    case .otherSuite: "a member uses the other cipher suite"
    case .unsigned: "a member does not sign its messages, and this group is signed"
    case .noKey: "no public key is known that fits a member's signature"
    case .notBySender: "messages are not signed by the member that they name"
    case .signed: "a member signs its messages, and this group is not signed"
    case .keyChange: "a member sends with another key"
    case .rotation: "the keys that members send with"
    case .keyRemoved: "members were last heard with a key that was removed"
    case .epochJump: "a member's epoch jumps"
    case .sequenceJump: "a member's numbers jump"
    case .overtaken: "the others reject this member: a record in its name is ahead of it"
    case .neverHeard: "members were not heard since the start"
    case .overrun: "messages were lost: the program takes them too slowly"
    case .kernelDrops: "the kernel dropped datagrams: they arrive faster than this process takes them"
    case .interfaceGone: "an interface cannot be used"
    case .interfaceBack: "an interface can be used again"
    case .noRoute: "there is no route for the group"
    case .routeChanged: "the route for the group changed"
    case .state: "state on disk"
    case .failed: "the peer no longer sends: nonces would repeat"
    }
  }

  /// The details of the event.
  var metadata: Logger.Metadata {
    var details: Logger.Metadata = [:]
    if !members.isEmpty { details["members"] = "\(members)" }
    if let source { details["source"] = "\(source)" }
    addNumbers(to: &details)
    return details
  }

  private func addNumbers(to details: inout Logger.Metadata) {
    switch self {
    case .nothingHeard(let time, let isArriving):
      details["for"] = "\(time)"
      details["recordsArrive"] = "\(isArriving)"
    case .silent(_, let time), .heardLate(_, let time): details["for"] = "\(time)"
    case .keyChange(_, let keyID), .keyRemoved(let keyID, _): details["keyID"] = "\(keyID)"
    case .rotation(let progress):
      details["keys"] = .dictionary(
        Dictionary(uniqueKeysWithValues: progress.members.map { ("\($0)", .string("\($1)")) }))
      if let own = progress.own { details["ownKey"] = "\(own)" }
      if !progress.unheard.isEmpty { details["notHeard"] = "\(progress.unheard)" }
    case .staleEpoch(_, let epoch, let later, _):
      details["epoch"] = "\(epoch)"
      details["heardIn"] = "\(later)"
    case .repeatedNumbers(_, let epoch, _), .restarted(_, let epoch): details["epoch"] = "\(epoch)"
    case .epochJump(_, let from, let to, _):
      details["from"] = "\(from)"
      details["to"] = "\(to)"
    case .sequenceJump(let jump), .leftBehind(let jump, _):
      details["epoch"] = "\(jump.epoch)"
      details["from"] = "\(jump.from)"
      details["to"] = "\(jump.to)"
    case .overtaken(let overtaking, _):
      details["epoch"] = "\(overtaking.epoch)"
      details["ownEpoch"] = "\(overtaking.ownEpoch)"
    case .overrun(let count), .kernelDrops(let count): details["count"] = "\(count)"
    case .cloned(_, let heard, let left, let next):
      details["heard"] = "\(heard)"
      details["left"] = "\(left)"
      details["next"] = "\(next)"
    case .network(let event): details["network"] = "\(event)"
    case .state(let notice): details["text"] = "\(notice.text)"
    case .failed(let error): details["error"] = "\(error)"
    case .also(let event, _): event.addNumbers(to: &details)
    case .otherSecret, .otherSuite, .unsigned, .noKey, .notBySender, .signed, .unknownMember, .heardAgain, .neverHeard,
      .duplicateID, .alternatingSources:
      break
    }
  }
}
