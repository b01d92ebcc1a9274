import Logging

/// What a person should know without asking: why nothing arrives, or that something is not as it should be.
enum Notice: Hashable, Sendable {
  /// No member has been heard for a while; but there may be records that were refused.
  case nothingHeard(Duration, isArriving: Bool)
  /// Records that do not authenticate, in the name of a member that is followed.
  case forged(MemberID, Endpoint)
  /// The same, in the name of another, or in ours.
  case forgedOther(MemberID, Endpoint)
  /// Records of a member that are authentic, but not encrypted as ours are, or the other way round.
  case otherSuite(MemberID, Endpoint)
  /// A member has gone over to another key of the ring.
  case keyChanged(MemberID, KeyID)
  /// Where all members are, since some of them have gone over to another key.
  case readiness(RotationProgress)
  /// A key that members were still heard with is not accepted any more.
  case keyDropped(KeyID, [MemberID])
  /// A member of the group that is not followed.
  case unknownMember(MemberID, Endpoint)
  /// A member sends in an earlier epoch than the one in which it was heard.
  case staleEpoch(MemberID, Epoch, later: Epoch, Endpoint)
  /// A member sends nothing but numbers that it has used before.
  case repeating(MemberID, Epoch, Endpoint)
  /// A member has begun a new epoch.
  case restarted(MemberID, Epoch)
  /// A member has begun an epoch so much later than the last one that a restart hardly explains it.
  case epochJump(MemberID, from: Epoch, to: Epoch, Endpoint)
  /// A member has left out so many numbers that loss hardly explains it.
  case sequenceJump(SequenceJump)
  /// A member sends numbers that are too old since it, or another in its name, has left them out.
  case leftBehind(SequenceJump, Endpoint)
  /// A record in our name is so far ahead that the others refuse what we send.
  case overtaken(Overtaking, Endpoint)
  /// A member has missed five of its intervals.
  case silent(MemberID, Duration)
  /// A member that was silent speaks again.
  case heardAgain(MemberID)
  /// Members that the group is known to have were not heard since the start.
  case neverHeard(MemberSet)
  /// One of these is heard now, so long after the start.
  case heardLate(MemberID, Duration)
  /// The program had no room for so many messages since the last line.
  case overrun(Int)
  /// The kernel has dropped about so many datagrams since the last line.
  case kernelDrops(Int)
  /// Somebody else sends with our ID.
  case ownIDUsed(Endpoint)
  /// Somebody else sends with our ID what we may have sent ourselves.
  case ownIDRepeated(Endpoint)
  /// Somebody else sends with our ID in our epoch or a later one, so that we go on in another.
  case cloned(Endpoint, heard: Epoch, from: Epoch, next: Epoch)
  /// Two addresses send as one member.
  case alternating(MemberID, Endpoint, Endpoint)
  /// The notice, and the other members of whom there was one of its cause since the last line.
  indirect case also(Notice, MemberSet)
  /// The interfaces of the group, or its route, have changed.
  case network(NetworkNotice)

  /// What the limit on notices counts by.
  enum Cause: String, CaseIterable {
    case nothingHeard, forged, forgedOther, unknownMember, staleEpoch, repeating, restarted, silent, heardAgain
    case ownID, cloned, alternating, otherSuite, keyChanged, readiness, keyDropped, epochJump, sequenceJump, overtaken
    case neverHeard, overrun, kernelDrops
    case interfaceAway, interfaceBack, noRoute, routeChanged

    /// Whether saying it once is enough for long: nothing about it changes until somebody has acted.
    var isSaidOnce: Bool {
      self == .ownID
    }

    /// The limit that keeps its notices few; see ``NoticeRateLimit``.
    enum Limit: Sendable {
      /// By the cause alone: a forger, or who repeats old records, chooses the member.
      case cause
      /// By cause and member: it takes a fresh authentic record, or that none comes.
      case member
      /// By the cause, and often: it tells where all are by now, and what it leaves out the next one has.
      case state
      /// By whoever holds the secrets here.
      case none
    }

    var limit: Limit {
      switch self {
      case .restarted, .silent, .heardAgain, .keyChanged, .epochJump, .sequenceJump: .member
      case .readiness: .state
      case .keyDropped: .none
      default: .cause
      }
    }

    /// The cause that ends when this one begins, and begins when this one ends.
    var opposite: Cause? {
      switch self {
      case .silent: .heardAgain
      case .heardAgain: .silent
      default: nil
      }
    }

    /// Whether it is about the keys that members send with.
    var isAboutKeys: Bool {
      [.keyChanged, .readiness, .keyDropped].contains(self)
    }
  }

  /// What it is about, and which member's.
  var subject: (cause: Cause, member: MemberID?) {
    switch self {
    case .nothingHeard: (.nothingHeard, nil)
    case .forged(let member, _): (.forged, member)
    case .forgedOther(let member, _): (.forgedOther, member)
    case .unknownMember(let member, _): (.unknownMember, member)
    case .repeating(let member, _, _): (.repeating, member)
    case .staleEpoch(let member, _, _, _): (.staleEpoch, member)
    case .restarted(let member, _): (.restarted, member)
    case .epochJump(let member, _, _, _): (.epochJump, member)
    case .sequenceJump(let jump): (.sequenceJump, jump.member)
    case .leftBehind(let jump, _): (.repeating, jump.member)
    case .overtaken: (.overtaken, nil)
    case .silent(let member, _): (.silent, member)
    case .heardAgain(let member), .heardLate(let member, _): (.heardAgain, member)
    case .neverHeard: (.neverHeard, nil)
    case .overrun: (.overrun, nil)
    case .kernelDrops: (.kernelDrops, nil)
    case .ownIDUsed, .ownIDRepeated: (.ownID, nil)
    case .cloned: (.cloned, nil)
    case .alternating(let member, _, _): (.alternating, member)
    case .otherSuite(let member, _): (.otherSuite, member)
    case .keyChanged(let member, _): (.keyChanged, member)
    case .readiness: (.readiness, nil)
    case .keyDropped: (.keyDropped, nil)
    case .network(let notice): (notice.cause, nil)
    case .also(let notice, _): notice.subject
    }
  }

  var cause: Cause { subject.cause }
  var member: MemberID? { subject.member }

  /// All members that it names as those whom it is about.
  var members: MemberSet {
    switch self {
    case .also(let notice, let others): notice.members.union(others)
    case .neverHeard(let members): members
    case .keyDropped(_, let members): MemberSet(members)
    default: MemberSet(member.map { [$0] } ?? [])
    }
  }

  /// How much it matters.
  var level: Logger.Level {
    if case .network(let notice) = self { return notice.level }
    return switch cause {
    case .restarted, .heardAgain, .keyChanged, .readiness: .info
    default: .warning
    }
  }

  /// The notice as a line for a person, who is told what to do about it.
  ///
  /// - Parameter here: This node's side of the matter.
  func text(_ here: LocalMember) -> String {
    switch self {
    case .nothingHeard(let time, isArriving: true):
      "nothing heard for \(seconds(time)) of any of the members \(here.others), but records arrive: see the warnings before"
    case .nothingHeard(let time, isArriving: false):
      "nothing heard for \(seconds(time)) of any of the members \(here.others): do they run, with \(here.keys) and group "
        + "\(here.group)? On the network of \(here.interface)? Then look at the TTL, firewalls and switches"
    case .forged(let member, let source), .forgedOther(let member, let source):
      "records from \(source) as node \(member) do not authenticate: another secret, or a new one that was not added here? Here it is "
        + "\(here.keys); compare with 'mcast-peer secret id' there"
    case .otherSuite(let member, let source):
      here.isEncrypted
        ? "node \(member) sends unencrypted records, from \(source), and this node takes encrypted ones only: start that "
          + "one with --encrypt, too (or somebody repeats old messages)"
        : "node \(member) sends encrypted records, from \(source), and this node does not encrypt: start this one with "
          + "--encrypt, too (or somebody repeats old messages)"
    case .keyChanged(let member, let keyID):
      "node \(member) now sends with key ID \(keyID)"
    case .readiness(let readiness):
      readiness.text(here)
    case .keyDropped(let keyID, let members):
      "key ID \(keyID) was removed, and was what \(MemberSet(members).named) sent with when last heard: if "
        + (members.count == 1
          ? "node \(members[0]) is still to be a member, add and promote \(here.sendingKey) there; if it was removed"
          : "they are still to be members, add and promote \(here.sendingKey) there; if they were removed")
        + " from the group, nothing is to be done"
    case .unknownMember(let member, let source):
      "node \(member) at \(source) is a member of the group, but not among --peers \(here.peers): add it to hear it"
    case .staleEpoch(let member, let epoch, let later, let source):
      "node \(member) at \(source) sends in epoch \(epoch), and was heard in epoch \(later) before: has it lost its state? "
        + "\(Self.startLater(than: later, here)) (Or two nodes have that ID, or somebody repeats old messages)"
    case .repeating(let member, let epoch, let source):
      "node \(member) at \(source) repeats numbers of epoch \(epoch) that were heard before: was it started twice in one "
        + "epoch? \(Self.startLater(than: epoch, here)) (Or somebody repeats old messages)"
    case .restarted(let member, let epoch):
      "node \(member) has restarted, in epoch \(epoch)"
    case .epochJump(let member, let from, let to, let source):
      "node \(member) jumps from epoch \(from) to epoch \(to), with a record from \(source): was it restarted so often, or "
        + "did another holder of the secret send that in its name? Then node \(member) is not heard any more, and is told "
        + "so: change the secret"
    case .sequenceJump(let jump):
      "node \(jump.member) jumps from number \(jump.from) to number \(jump.to) of epoch \(jump.epoch); none of these is "
        + "counted as lost. Was nothing heard for so long, or did another holder of the secret send that in its name? Then "
        + "node \(jump.member) is not heard any more, and is told so: restart it, and change the secret"
    case .leftBehind(let jump, let source):
      "node \(jump.member) at \(source) sends numbers that are too old, since a record in its name jumped from \(jump.from) "
        + "to \(jump.to) of epoch \(jump.epoch): restart it, and change the secret, unless two nodes have that ID"
    case .overtaken(let overtaking, let source):
      overtaking.text(here, source)
    case .silent(let member, let time):
      "node \(member) not heard for \(seconds(time)), five of its intervals"
    case .heardAgain(let member):
      "node \(member) is heard again"
    case .neverHeard(let members):
      "\(members.named), of --peers, not heard since the start: \(members.count == 1 ? "does it" : "do they") run, "
        + "with \(here.keys), group \(here.group), and on the network of \(here.interface)?"
    case .heardLate(let member, let time):
      "node \(member) is heard now, \(seconds(time)) after the start"
    case .overrun(let count):
      "\(count) message\(count == 1 ? " was" : "s were") lost here, since this program did not take "
        + "\(count == 1 ? "it" : "them") in time (overrun): take what it receives or writes faster, or have the members send "
        + "more slowly (--rate)"
    case .kernelDrops(let count):
      "the kernel dropped about \(count) datagram\(count == 1 ? "" : "s") that came faster than this process takes them: give "
        + "it a larger receive buffer (net.core.rmem_max) or more of the processor, or have the members send more slowly (--rate)"
    case .ownIDUsed(let source):
      "another node, at \(source), uses our node ID\(here.ownID): give each node an ID of its own"
    case .ownIDRepeated(let source):
      "\(source) sends with our node ID\(here.ownID): another node has it too, or somebody repeats our messages"
        + (here.isEncrypted ? "; if it is another node, nonces may have been used twice: then change the secret" : "")
    case .cloned(let source, let heard, let from, let next):
      "another node, at \(source), sends with our node ID\(here.ownID) and secret in epoch \(heard), and this one in epoch "
        + "\(from): nonces were repeated, or may be, and what was sent in both can be read. Change the secret. This node goes on "
        + "in epoch \(next), and ends when that happens for the third time in an hour"
    case .alternating(let member, let one, let other):
      "\(one) and \(other) alternate as node \(member): two nodes with one ID, or somebody repeats its messages"
    case .also(let notice, let others):
      "\(notice.text(here)) (also \(others.named), since the last line of this kind)"
    case .network(let notice):
      notice.text(here.group)
    }
  }

  /// How a node is brought back that sends in an epoch that is over.
  private static func startLater(than epoch: Epoch, _ here: LocalMember) -> String {
    guard let next = epoch.next else { return "No epoch is left for it: the group needs a new secret." }
    // What it has sent twice in one epoch can be read.
    return "Start it with --epoch \(next), once\(here.isEncrypted ? ", and change the secret" : "")."
  }

  /// A time with one decimal, where it is needed.
  private func seconds(_ time: Duration) -> String {
    let tenths = Int((time / .milliseconds(100)).rounded())
    return tenths % 10 == 0 || tenths >= 100 ? "\(tenths / 10) s" : "\(tenths / 10).\(tenths % 10) s"
  }
}
