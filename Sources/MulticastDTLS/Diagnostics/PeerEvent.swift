/// A change that a person should know: why nothing arrives, or that something is not as it should be.
///
/// Events are rate-limited, whatever comes from the network (see ``also(_:_:)``).
public enum PeerEvent: Hashable, Sendable {
  /// No member was heard for a time; `isArriving` is true if rejected records arrive.
  case nothingHeard(for: Duration, isArriving: Bool)
  /// Records in the name of a member do not authenticate: they are made with another secret. `isExpected` is false if the
  /// member is not followed, or is this one.
  case otherSecret(MemberID, from: Endpoint, isExpected: Bool)
  /// Records of a member are authentic, but not encrypted as ours are, or the other way round.
  case otherSuite(MemberID, from: Endpoint)
  /// Records of a member are authentic, but not signed, in a signed group.
  case unsigned(MemberID, from: Endpoint)
  /// A member signs its messages, and no public key of it is known here that fits.
  case noKey(MemberID, from: Endpoint)
  /// Records are signed, but not by the member that they name: another member speaks in its name, or it has another key than
  /// is known here. The member can be this one.
  case notBySender(MemberID, from: Endpoint)
  /// A member signs its messages, and this one does not expect that: it delivers them with their signatures.
  case signed(MemberID, from: Endpoint)
  /// A member began to send with another key of the ring.
  case keyChange(MemberID, to: KeyID)
  /// The keys of all members, after some of them changed theirs.
  case rotation(RotationProgress)
  /// A key that members were last heard with is no longer in the ring.
  case keyRemoved(KeyID, lastUsedBy: MemberSet)
  /// A member of the group is not followed.
  case unknownMember(MemberID, from: Endpoint)
  /// A member sends in an earlier epoch than the one in which it was heard.
  case staleEpoch(MemberID, Epoch, later: Epoch, from: Endpoint)
  /// A member only sends numbers that it has used before.
  case repeatedNumbers(MemberID, Epoch, from: Endpoint)
  /// A member restarted, in a new epoch.
  case restarted(MemberID, Epoch)
  /// A member began an epoch so much later than the last one that a restart hardly explains it.
  case epochJump(MemberID, former: Epoch, to: Epoch, from: Endpoint)
  /// A member left out so many numbers that loss hardly explains it.
  case sequenceJump(SequenceJump)
  /// A member sends numbers that are too old since it, or another in its name, has left them out.
  case leftBehind(SequenceJump, from: Endpoint)
  /// A record in our name is so far ahead that the others reject ours.
  case overtaken(Overtaking, from: Endpoint)
  /// A member missed five of its intervals.
  case silent(MemberID, for: Duration)
  /// A silent member is heard again.
  case heardAgain(MemberID)
  /// Members of the configuration were not heard since the start.
  case neverHeard(MemberSet)
  /// One of these is heard now, so long after the start.
  case heardLate(MemberID, after: Duration)
  /// The program had no room for so many messages since the last such event.
  case overrun(Int)
  /// The kernel dropped about so many datagrams since the last such event.
  case kernelDrops(Int)
  /// Another process sends with our ID; `isRepeated` is true if it sends records that we may have sent ourselves.
  case duplicateID(from: Endpoint, isRepeated: Bool)
  /// Another process sends with our ID and secret in an epoch that is ours or later: we continue in the epoch `next`.
  case cloned(from: Endpoint, heard: Epoch, left: Epoch, next: Epoch)
  /// Two addresses send as one member in turns.
  case alternatingSources(MemberID, Endpoint, and: Endpoint)
  /// The interfaces or the route of the group changed.
  case network(NetworkEvent)
  /// A fact about the state on disk.
  case state(StateNotice)
  /// The peer no longer sends, since nonces would repeat.
  case failed(StateError)
  /// An event, and the other members for which the same happened since the last event of its kind, and was held back by
  /// the rate limit.
  indirect case also(PeerEvent, MemberSet)
}

extension PeerEvent {
  /// The kind of an event, in a word that does not change.
  public enum Kind: String, CaseIterable, Sendable {
    /// See ``PeerEvent/nothingHeard(for:isArriving:)``.
    case nothingHeard
    /// See ``PeerEvent/otherSecret(_:from:isExpected:)``, of a member that is followed.
    case otherSecret = "forged"
    /// See ``PeerEvent/otherSecret(_:from:isExpected:)``, of another ID.
    case otherSecretUnexpected = "forgedOther"
    /// See ``PeerEvent/unknownMember(_:from:)``.
    case unknownMember
    /// See ``PeerEvent/staleEpoch(_:_:later:from:)``.
    case staleEpoch
    /// See ``PeerEvent/repeatedNumbers(_:_:from:)`` and ``PeerEvent/leftBehind(_:from:)``.
    case repeatedNumbers = "repeating"
    /// See ``PeerEvent/restarted(_:_:)``.
    case restarted
    /// See ``PeerEvent/silent(_:for:)``.
    case silent
    /// See ``PeerEvent/heardAgain(_:)`` and ``PeerEvent/heardLate(_:after:)``.
    case heardAgain
    /// See ``PeerEvent/duplicateID(from:isRepeated:)``.
    case duplicateID = "ownID"
    /// See ``PeerEvent/cloned(from:heard:left:next:)``.
    case cloned
    /// See ``PeerEvent/alternatingSources(_:_:and:)``.
    case alternatingSources = "alternating"
    /// See ``PeerEvent/otherSuite(_:from:)``.
    case otherSuite
    /// See ``PeerEvent/unsigned(_:from:)``.
    case unsigned
    /// See ``PeerEvent/noKey(_:from:)``.
    case noKey
    /// See ``PeerEvent/notBySender(_:from:)``.
    case notBySender
    /// See ``PeerEvent/signed(_:from:)``.
    case signed
    /// See ``PeerEvent/keyChange(_:to:)``.
    case keyChange = "keyChanged"
    /// See ``PeerEvent/rotation(_:)``.
    case rotation = "readiness"
    /// See ``PeerEvent/keyRemoved(_:lastUsedBy:)``.
    case keyRemoved = "keyDropped"
    /// See ``PeerEvent/epochJump(_:former:to:from:)``.
    case epochJump
    /// See ``PeerEvent/sequenceJump(_:)``.
    case sequenceJump
    /// See ``PeerEvent/overtaken(_:from:)``.
    case overtaken
    /// See ``PeerEvent/neverHeard(_:)``.
    case neverHeard
    /// See ``PeerEvent/overrun(_:)``.
    case overrun
    /// See ``PeerEvent/kernelDrops(_:)``.
    case kernelDrops
    /// See ``NetworkEvent/interfaceGone(_:_:_:)``.
    case interfaceGone = "interfaceAway"
    /// See ``NetworkEvent/interfaceBack(_:after:source:isJoinedAgain:)`` and ``NetworkEvent/interfaceMoved(_:former:)``.
    case interfaceBack
    /// See ``NetworkEvent/noRoute(others:isLoopbackRouted:)`` and ``NetworkEvent/routeGone(_:staying:)``.
    case noRoute
    /// See ``NetworkEvent/routeChanged(_:former:)``.
    case routeChanged
    /// See ``PeerEvent/state(_:)``.
    case state
    /// See ``PeerEvent/failed(_:)``.
    case failed
  }

  /// The kind of the event.
  public var kind: Kind {
    switch self {
    case .nothingHeard: .nothingHeard
    case .otherSecret(_, _, let isExpected): isExpected ? .otherSecret : .otherSecretUnexpected
    case .otherSuite: .otherSuite
    case .unsigned: .unsigned
    case .noKey: .noKey
    case .notBySender: .notBySender
    case .signed: .signed
    case .keyChange: .keyChange
    case .rotation: .rotation
    case .keyRemoved: .keyRemoved
    case .unknownMember: .unknownMember
    case .staleEpoch: .staleEpoch
    case .repeatedNumbers, .leftBehind: .repeatedNumbers
    case .restarted: .restarted
    case .epochJump: .epochJump
    case .sequenceJump: .sequenceJump
    case .overtaken: .overtaken
    case .silent: .silent
    case .heardAgain, .heardLate: .heardAgain
    case .neverHeard: .neverHeard
    case .overrun: .overrun
    case .kernelDrops: .kernelDrops
    case .duplicateID: .duplicateID
    case .cloned: .cloned
    case .alternatingSources: .alternatingSources
    case .network(.interfaceGone): .interfaceGone
    case .network(.interfaceBack), .network(.interfaceMoved): .interfaceBack
    case .network(.noRoute), .network(.routeGone): .noRoute
    case .network(.routeChanged): .routeChanged
    case .state: .state
    case .failed: .failed
    case .also(let event, _): event.kind
    }
  }

  /// The member that the event is about; nil if it is about several, or none.
  public var member: MemberID? {
    switch self {
    case .otherSecret(let member, _, _), .otherSuite(let member, _), .unsigned(let member, _), .noKey(let member, _),
      .notBySender(let member, _), .signed(let member, _), .keyChange(let member, _),
      .unknownMember(let member, _), .staleEpoch(let member, _, _, _), .repeatedNumbers(let member, _, _),
      .restarted(let member, _), .epochJump(let member, _, _, _), .silent(let member, _), .heardAgain(let member),
      .heardLate(let member, _), .alternatingSources(let member, _, _):
      member
    case .sequenceJump(let jump), .leftBehind(let jump, _): jump.member
    case .also(let event, _): event.member
    case .nothingHeard, .rotation, .keyRemoved, .overtaken, .neverHeard, .overrun, .kernelDrops, .duplicateID, .cloned,
      .network, .state, .failed:
      nil
    }
  }

  /// All members that the event names as those that it is about.
  public var members: MemberSet {
    switch self {
    case .also(let event, let others): event.members.union(others)
    case .neverHeard(let members), .keyRemoved(_, let members): members
    default: MemberSet(CollectionOfOne(member).compactMap(\.self))
    }
  }

  /// The address that the event came from, which is not authenticated; nil if it has none.
  public var source: Endpoint? {
    switch self {
    case .otherSecret(_, let source, _), .otherSuite(_, let source), .unsigned(_, let source), .noKey(_, let source),
      .notBySender(_, let source), .signed(_, let source), .unknownMember(_, let source),
      .staleEpoch(_, _, _, let source), .repeatedNumbers(_, _, let source), .epochJump(_, _, _, let source),
      .leftBehind(_, let source), .overtaken(_, let source), .duplicateID(let source, _), .cloned(let source, _, _, _),
      .alternatingSources(_, _, let source):
      source
    case .also(let event, _): event.source
    default: nil
    }
  }

  /// True if the event is a fault, or a likely one; false if it tells a change.
  public var isWarning: Bool {
    switch self {
    case .state(let notice): notice.isWarning
    case .also(let event, _): event.isWarning
    case .restarted, .heardAgain, .heardLate, .keyChange, .rotation, .network(.interfaceBack),
      .network(.interfaceMoved),
      .network(.routeChanged):
      false
    default: true
    }
  }
}
