extension MulticastPeer {
  /// The members that the peer receives from: ``Configuration/peers``, or those of the last ``follow(_:listeners:publicKeys:)``.
  public var peers: MemberSet { followed.withLock { $0.peers } }

  /// Receives from these members from now on, and from no other; our own ID among them changes nothing. Returns at once; the
  /// receive thread follows after its batch. Nothing that the others send is lost, and nothing that was accepted before is
  /// accepted again, also of a member that comes back.
  ///
  /// - Parameters:
  ///   - members: The members.
  ///   - listeners: Those of them that send nothing: nobody misses them.
  ///   - publicKeys: The public keys of the members, by which a signed group's messages are verified; nil keeps the former.
  public func follow(
    _ members: MemberSet, listeners: MemberSet = MemberSet(), publicKeys: [MemberID: MemberKeys]? = nil
  ) {
    followed.withLock { followed in
      followed.peers = members
      // Under the lock, so that the thread gets the sets in this order.
      if let publicKeys {
        followed.publicKeys = publicKeys
        loop.verify(by: followed.verifying)
      }
      loop.follow(members, listeners)
    }
  }

  /// Receives from the members of a roster from now on, and verifies their signatures by its public keys; see
  /// ``follow(_:listeners:publicKeys:)``.
  public func follow(_ roster: Roster) {
    follow(roster.members, listeners: roster.listeners, publicKeys: roster.publicKeys)
  }

  // MARK: - Signatures

  /// True if all messages are signed that the peer sends or accepts: under each secret of the ring.
  public var isSigned: Bool { unsignedKeyIDs.isEmpty }

  /// The key IDs of the secrets under which messages need no signature: whoever has one can speak as any member.
  public var unsignedKeyIDs: [KeyID] { ring.keys.filter { !$0.key.isSigned }.map(\.keyID) }

  /// True if messages are signed under one of the secrets of the ring.
  public var hasSignedSecret: Bool { ring.keys.contains { $0.key.isSigned } }

  /// The identity that signs this member's messages in a signed group; nil if it has none.
  public var identity: Identity? { followed.withLock { $0.identity } }

  /// Signs with another identity from now on. The others need its public key before; see ``MemberKeys``.
  public func sign(as identity: Identity) {
    followed.withLock { followed in
      followed.identity = identity
      // First, so that a record of ours that loops back is known.
      loop.verify(by: followed.verifying)
      sender.transmitter?.sign(as: identity)
    }
  }
}
