// The files while the node runs.
extension StateKeeper {
  /// Takes note of how far the others have been heard, and has it written soon.
  func save(_ heard: [MemberID: ReplayPosition]) {
    guard path != nil else {
      // Nothing to wait for; but the key may be dropped, and come back.
      kept.withLock { $0.state.heard.merge(heard) { $1 } }
      return
    }
    let isFirst = waiting.withLock { waiting in
      defer { waiting = heard }
      return waiting == nil
    }
    // If one waits already, the disk is slow: it will write this instead.
    if isFirst { queue.async { [self] in writeWaiting() } }
  }

  /// Looks, soon, whether the files are where they were made, and puts them back if not.
  ///
  /// - Parameter whenLost: Is told, once, that another process has taken the state meanwhile.
  func look(whenLost: @escaping @Sendable (StateError) -> Void) {
    guard path != nil else { return }
    queue.async { [self] in
      if let error = putBack() { whenLost(error) }
    }
  }

  /// Writes what was handed in, and gives the lock back: the node must not send any more. Again changes nothing.
  func finish() {
    queue.sync {
      _ = putBack()
      writeWaiting()
    }
    kept.withLock { $0.file = nil }
  }

  /// Writes what was handed in, and returns when that is done.
  func flush() {
    queue.sync { writeWaiting() }
  }

  private func writeWaiting() {
    let heard = waiting.withLock { $0.take() } ?? [:]
    let failure = kept.withLock { kept -> StateError? in
      let before = kept.state
      // Those that were not heard since the start stay as they were.
      kept.state.heard.merge(heard) { $1 }
      guard !kept.isWritten || kept.state != before else { return nil }
      let wasWritten = kept.isWritten
      do throws(StateError) {
        try kept.write(in: directory)
        return nil
      } catch {
        // It is tried again whenever there is something new, and said once.
        return wasWritten ? error : nil
      }
    }
    if let failure {
      log.log(
        .warning, "what was heard cannot be kept, so after a restart it could be accepted again: \(failure.fault)")
    }
  }

  /// - Returns: That another process has the state now, the first time that it is seen.
  private func putBack() -> StateError? {
    kept.withLock { kept -> StateError? in
      guard let file = kept.file else { return nil }
      do throws(StateError) {
        guard let (what, path) = try putBack(file, &kept) else { return nil }
        kept.isLost = false
        log.log(
          .warning,
          "\(what) of \(identity.text) was removed or replaced while the node runs: it was written anew, in "
            + path)
        return nil
      } catch {
        guard !kept.isLost else { return nil }
        kept.isLost = true
        let text =
          "the state of \(identity.text) was removed while the node runs, and cannot be written anew: \(error.fault)"
        log.log(.warning, text)
        if case .inUse = error { return .inUse(text) }
        return nil
      }
    }
  }

  /// Looks for each of the files, and writes them anew.
  ///
  /// - Returns: The one that was not there, and its path; nil if all are.
  private func putBack(_ file: StateFile, _ kept: inout Kept) throws(StateError) -> (what: String, path: String)? {
    guard let directory else { return nil }
    switch file.place {
    case .kept where kept.isLost && !kept.isWritten:
      break
    case .kept:
      return try putBackMark(&kept)
    case .stateLost:
      break
    case .lockLost:
      let new = try StateFile(in: directory, keyID: identity.keyID, member: identity.member)
      kept.wasAway = true
      kept.file = new
      // If it is as it was, no other process has sent meanwhile: that would be written there.
      if file.isStateKept {
        _ = try? new.read()
      } else {
        file.outdate()
        kept.replace(new)
      }
    }
    try kept.write(in: directory)
    // The mark may have gone the same way.
    kept.markFile?.outdate()
    kept.mark?.nodes.remove(identity.member)
    if kept.state.epoch != nil { try kept.nameInMark(identity, in: directory) }
    return ("the state", file.path)
  }

  /// Looks for the mark, which other nodes replace as well.
  private func putBackMark(_ kept: inout Kept) throws(StateError) -> (what: String, path: String)? {
    guard let directory, let file = kept.markFile, !file.isKept else { return nil }
    // If it was moved away, it may come back without what others have written meanwhile.
    file.outdate()
    let wasNamed = kept.mark?.nodes.contains(identity.member) == true
    let present = MarkFile(in: directory, keyID: identity.keyID)
    guard wasNamed, present.read()?.nodes.contains(identity.member) != true else {
      file.remember()
      return nil
    }
    kept.mark?.nodes.remove(identity.member)
    try kept.nameInMark(identity, in: directory)
    return ("the mark", present.path)
  }
}
