import MulticastDTLS

extension PeerEvent {
  /// The event as one line for a person: the fact, its values, and a remedy with the options of this command.
  func text(_ here: EventContext) -> String {
    switch self {
    case .nothingHeard(let time, isArriving: true):
      "nothing heard for \(seconds(time)) of any of the members \(here.others), but records arrive: see the warnings before"
    case .nothingHeard(let time, isArriving: false):
      "nothing heard for \(seconds(time)) of any of the members \(here.others): do they run, with \(here.keys) and group "
        + "\(here.group)? On the network of \(here.interface)? Then look at the TTL, firewalls and switches"
    case .otherSecret(let member, let source, _):
      "records from \(source) as \(here.members.named(member)) do not authenticate: another secret, or a new one that was not added here? Here it is "
        + "\(here.keys); compare with 'mcast-peer secret id' there"
    case .otherSuite(let member, let source):
      here.isEncrypted
        ? "\(here.members.named(member)) sends unencrypted records, from \(source), and this peer takes encrypted ones only: start that "
          + "one with --encrypt, too (or somebody repeats old messages)"
        : "\(here.members.named(member)) sends encrypted records, from \(source), and this peer does not encrypt: start this one with "
          + "--encrypt, too (or somebody repeats old messages)"
    case .unsigned(let member, let source) where member == here.member,
      .noKey(let member, let source) where member == here.member,
      .notBySender(let member, let source) where member == here.member:
      "\(source) sends with our member ID\(here.ownID), and does not sign with our key: another member of the group speaks in our "
        + "name, and nobody who has our public key accepts it"
        + (here.isEncrypted
          ? "; or a second process has this ID: then nonces may have been used twice, so change the secret" : "")
    case .unsigned(let member, let source):
      "\(here.members.named(member)) does not sign its messages, from \(source), and this group is signed: start that one with "
        + "--sign and its identity, or another member speaks in its name"
    case .noKey(let member, let source):
      here.members.roster.publicKeys[member] == nil
        ? "there is no public key for \(here.members.named(member)) in \(here.members.place), so its messages, from \(source), are "
          + "refused: "
          + (here.members.hasFile
            ? "add the line that 'mcast-peer identity show \(member)' prints there"
            : "use the roster of the other members")
        : "messages from \(source) as \(here.members.named(member)) are signed with another key than \(here.members.place) has "
          + "for it: has it a new identity? Then add its line; else another member speaks in its name, or it uses the identity of "
          + "another"
    case .notBySender(let member, let source):
      "messages from \(source) as \(here.members.named(member)) are not signed by it: another member of the group speaks in its name, "
        + "or it was started with another group's roster or identity; they are refused"
    case .signed(let member, let source):
      "\(here.members.named(member)) seems to sign its messages, from \(source): they end like signed ones, and this peer does not (--sign): so they are "
        + "delivered with their signatures, and the other refuses ours"
    case .keyChange(let member, let keyID):
      "\(here.members.named(member)) now sends with key ID \(keyID)"
    case .rotation(let progress):
      progress.text(here.members)
    case .keyRemoved(let keyID, let members):
      "key ID \(keyID) was removed, but \(here.members.named(members)) sent with it when last heard: if "
        + (members.count == 1
          ? "it is to stay a member, add and promote \(here.sendingKey) there; if it was removed"
          : "they are to stay members, add and promote \(here.sendingKey) there; if they were removed")
        + " from the group, nothing is to be done"
    case .unknownMember(let member, let source):
      "\(here.members.named(member)) at \(source) is a member of the group, but not in \(here.members.place): add it to hear it, or "
        + "change the secret if you have removed it"
    case .staleEpoch(let member, let epoch, let later, let source):
      "\(here.members.named(member)) at \(source) sends in epoch \(epoch), and was heard in epoch \(later) before: has it lost its state? "
        + "\(Self.startLater(than: later, here)) (Or two processes have that ID, or somebody repeats old messages)"
    case .repeatedNumbers(let member, let epoch, let source):
      "\(here.members.named(member)) at \(source) repeats numbers of epoch \(epoch) that were heard before: was it started twice in one "
        + "epoch? \(Self.startLater(than: epoch, here)) (Or somebody repeats old messages)"
    case .restarted(let member, let epoch):
      "\(here.members.named(member)) has restarted, in epoch \(epoch)"
    case .epochJump(let member, let from, let to, let source):
      "\(here.members.named(member)) jumps from epoch \(from) to epoch \(to), with a record from \(source): was it restarted so often, or "
        + "did \(here.impostor) send that in its name? Then \(here.members.named(member)) is no longer heard, and logs "
        + "so: \(here.remedy)"
    case .sequenceJump(let jump):
      "\(here.members.named(jump.member)) jumps from number \(jump.from) to number \(jump.to) of epoch \(jump.epoch); none of these is "
        + "counted as lost. Was nothing heard for so long, or did \(here.impostor) send that in its name? Then "
        + "\(here.members.named(jump.member)) is no longer heard, and logs it: restart it, and \(here.remedy)"
    case .leftBehind(let jump, let source):
      "\(here.members.named(jump.member)) at \(source) sends numbers that are too old, since a record in its name jumped from \(jump.from) "
        + "to \(jump.to) of epoch \(jump.epoch): restart it, and \(here.remedy), unless two processes have that ID"
    case .overtaken(let overtaking, let source):
      overtaking.text(here, source)
    case .silent(let member, let time):
      "\(here.members.named(member)) not heard for \(seconds(time))"
    case .heardAgain(let member):
      "\(here.members.named(member)) is heard again"
    case .neverHeard(let members):
      "\(here.members.named(members)) not heard since the start: \(members.count == 1 ? "does it" : "do they") run, "
        + "with \(here.keys), group \(here.group), and on the network of \(here.interface)?"
    case .heardLate(let member, let time):
      "\(here.members.named(member)) is heard now, \(seconds(time)) after the start"
    case .overrun(let count):
      "\(count) message\(count == 1 ? " was" : "s were") lost here, since this program did not take "
        + "\(count == 1 ? "it" : "them") in time (overrun): take what it receives or writes faster, or have the members send "
        + "more slowly (--rate)"
    case .kernelDrops(let count):
      "the kernel dropped about \(count) datagram\(count == 1 ? "" : "s") that came faster than this process takes them: give "
        + "it a larger receive buffer (net.core.rmem_max) or more of the processor, or have the members send more slowly (--rate)"
    case .duplicateID(let source, isRepeated: false):
      "another process, at \(source), uses our member ID\(here.ownID): give each member an ID of its own"
    case .duplicateID(let source, isRepeated: true):
      "\(source) sends with our member ID\(here.ownID): another process has it too, or somebody repeats our messages"
        + (here.isEncrypted
          ? "; if it is another process, nonces may have been used twice: then change the secret" : "")
    case .cloned(let source, let heard, let from, let next):
      "another process, at \(source), sends with our member ID\(here.ownID) and secret in epoch \(heard), and this one in epoch "
        + "\(from): nonces were repeated, or may be, and what was sent in both can be read. Change the secret. This peer continues "
        + "in epoch \(next), and ends when that happens for the third time in an hour"
    case .alternatingSources(let member, let one, let other):
      "\(one) and \(other) alternate as \(here.members.named(member)): two processes with one ID, or somebody repeats its messages"
    case .also(let event, let others):
      "\(event.text(here)) (also \(here.members.named(others)), since the last line of this kind)"
    case .network(let event):
      event.text(here.group)
    case .state(let notice):
      notice.textWithOption
    case .failed(let error):
      "\(error)"
    }
  }

  /// The remedy for a member that sends in a former epoch.
  private static func startLater(than epoch: Epoch, _ here: EventContext) -> String {
    guard let next = epoch.next else { return "No epoch is left for it: the group needs a new secret." }
    // Two messages under one nonce reveal their contents.
    return "Start it with --epoch \(next), once\(here.isEncrypted ? ", and change the secret" : "")."
  }

  /// A time with one decimal, where it is needed.
  private func seconds(_ time: Duration) -> String {
    let tenths = Int((time / .milliseconds(100)).rounded())
    return tenths % 10 == 0 || tenths >= 100 ? "\(tenths / 10) s" : "\(tenths / 10).\(tenths % 10) s"
  }
}

extension Overtaking {
  /// The text of the event, with the remedy.
  func text(_ here: EventContext, _ source: Endpoint) -> String {
    let key = keyID == here.keyIDs.first ? "" : ", with key ID \(keyID)"
    let ahead =
      epoch > ownEpoch
      ? "is of epoch \(epoch)\(key), and this peer sends in epoch \(ownEpoch)"
      : "has number \(sequence) of epoch \(epoch)\(key), and this peer is at \(ownNext)"
    return "the others no longer hear this peer as member\(here.ownID): a record from \(source) in its name \(ahead). "
      + remedy(here)
  }

  private func remedy(_ here: EventContext) -> String {
    guard let next = epoch.next else {
      return "No later epoch is left, so that only a new secret helps: change it in the whole group, and find out who "
        + "else uses this ID"
    }
    let start = epoch > ownEpoch ? "Start it again with --epoch \(next), once" : "Start it again, in a later epoch"
    return "\(start); if no second process has this ID, \(here.impostor) did it: \(here.remedy)"
  }
}

extension RotationProgress {
  /// The keys of all members, in words.
  func text(_ names: Members) -> String {
    // The own key is the event's: the keys of the context may be those before the rotation.
    if members.count == 1, let keyID = members.keys.first, unheard.isEmpty {
      let all =
        namesAll
        ? "all other members were heard with key ID \(keyID)"
        : "all members that were heard, \(members[keyID].map(names.named) ?? ""), send with key ID \(keyID)"
      guard let own else { return all }
      return keyID == own ? "\(all), and this peer sends with it, too" : "\(all), but this peer sends with \(own)"
    }
    var parts = members.sorted { "\($0.key)" < "\($1.key)" }.map { "\(names.named($1)) with \($0)" }
    let isAnyHeard = !parts.isEmpty
    if !unheard.isEmpty { parts.append("not heard: \(names.named(unheard))") }
    let heard = isAnyHeard ? "last heard: \(parts.joined(separator: ", "))" : "nobody was heard yet"
    return own.map { "\(heard); this peer sends with \($0)" } ?? heard
  }
}

extension StateNotice {
  /// The notice, with the options that it is about.
  var textWithOption: String {
    switch subject {
    case .newMember: "\(text) (see --new-node)"
    case .epoch where isWarning: "\(text) (see --epoch)"
    case .directory, .epoch, .secret: text
    }
  }
}
