extension StateKeeper {
  /// The first epoch to hand out.
  enum EpochPolicy {
    /// The epoch after the last used one.
    case next
    /// The epoch that the user gave.
    case given(Epoch)
    /// The epoch after the last used one, or the one that the user gave if that is later.
    case atLeast(Epoch)
    /// None: the member only listens, and does without a state that it cannot have.
    case never

    var given: Epoch? {
      switch self {
      case .next, .never: nil
      case .given(let epoch), .atLeast(let epoch): epoch
      }
    }
  }

  /// Takes the lock, and reads the state and the mark.
  static func open(
    _ directory: StateDirectory?, _ beginning: EpochPolicy, mayReplaceDamaged: Bool, _ identity: Identity,
    _ report: StateNotice.Reporter
  ) throws(StateError) -> LoadedState {
    var kept = LoadedState(state: MemberState())
    do throws(StateError) {
      guard let directory else { throw .unusable("there is no state directory") }
      kept.file = try StateFile(in: directory, keyID: identity.keyID, member: identity.member)
      kept.mark = mark(in: directory, identity, report)
      kept.markFile = KnownFile(path: MarkFile(in: directory, keyID: identity.keyID).path)
      kept.markFile?.remember()
      if let found = try kept.file?.read() { kept.take(found, of: identity.member) }
      kept.wasHeard = directory.hasHeard(identity.member, keyID: identity.keyID)
    } catch {
      switch (error, beginning) {
      case (.unusable, .given), (.unusable, .atLeast):
        // Never overwrite a state that cannot be read.
        kept.file = nil
        // A forgotten epoch could be used again. Only if nothing is kept may the user take that risk.
        if identity.isEncrypting, isKnown(identity, in: directory) { throw error }
        // Without a directory, the user has chosen to keep no state.
        if directory != nil { report(StateNotice(error.fault, .directory)) }
      case (.damaged, .given(let given)) where mayReplaceDamaged,
        (.damaged, .atLeast(let given)) where mayReplaceDamaged:
        report(StateNotice(error.fault, .directory))
        // On disk before anything else happens, or the next start would begin with 1.
        kept.state.epoch = given.previous
        do throws(StateError) {
          try kept.file?.replaceDamaged(by: kept.state)
        } catch {
          report(StateNotice(error.fault, .directory))
        }
      case (.unusable, .never), (.damaged, .never):
        // A listener needs the state only for replay positions. A damaged state stays for a process that sends with it.
        kept.file = nil
        if directory != nil { report(StateNotice("what is heard is not remembered: \(error.fault)", .directory)) }
      default: throw error
      }
    }
    return kept
  }

  /// True if the directory tells, or may tell, a later start which epoch is next.
  private static func isKnown(_ identity: Identity, in directory: StateDirectory?) -> Bool {
    guard let directory else { return false }
    do {
      if try StateFile.read(in: directory, keyID: identity.keyID, member: identity.member) != nil { return true }
      return try MarkFile(in: directory, keyID: identity.keyID).contents()?.isNew(identity.member) == true
    } catch {
      return true
    }
  }

  /// Reads the mark, and logs why if it cannot be used.
  private static func mark(in directory: StateDirectory, _ identity: Identity, _ report: StateNotice.Reporter)
    -> SecretMark?
  {
    let file = MarkFile(in: directory, keyID: identity.keyID)
    do {
      return try file.contents()
    } catch {
      let fault = (error as? StateError)?.fault ?? "\(error)"
      report(
        StateNotice("the mark \(file.path) cannot be used, and is as if it were not there: \(fault)", .directory))
      return nil
    }
  }

  /// Checks an epoch that the user gave, and warns if nothing can confirm it.
  static func check(_ epoch: Epoch, after kept: LoadedState, _ identity: Identity, _ report: StateNotice.Reporter)
    throws(StateError)
  {
    if let last = kept.state.epoch, epoch <= last {
      let reason = "epoch \(epoch) is not later than \(last), which this member has used with key ID \(identity.keyID)"
      guard !identity.isEncrypting else {
        throw .usedEpoch("\(reason): it would repeat nonces, and so break the encryption; leave the epoch out")
      }
      report(StateNotice("\(reason): the others refuse it; leave the epoch out", .epoch))
    } else if identity.isEncrypting, kept.state.epoch == nil || !kept.state.isComplete || kept.isCopy {
      report(
        StateNotice(
          "nothing tells whether member \(identity.member) has used epoch \(epoch) with key ID \(identity.keyID) before: if it "
            + "has, nonces repeat, and what was sent in both can be read; be sure, or change the secret", .epoch))
    }
  }
}
