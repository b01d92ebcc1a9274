// The files while the member runs.
extension StateKeeper {
  /// Records the replay positions of the others, and schedules a write.
  func save(_ heard: [MemberID: ReplayPosition]) {
    guard path != nil else {
      // Nothing to write; but the key may be dropped, and come back.
      kept.withLock { $0.state.heard.merge(heard) { $1 } }
      return
    }
    let isFirst = waiting.withLock { waiting in
      defer { waiting = heard }
      return waiting == nil
    }
    // If a write waits already, the disk is slow: that write takes these positions.
    if isFirst { queue.async { [self] in writeWaiting() } }
  }

  /// Schedules a check that the files are where they were made, which writes missing ones anew.
  ///
  /// - Parameter whenLost: Called once if another process has taken the state meanwhile.
  func look(whenLost: @escaping @Sendable (StateError) -> Void) {
    guard path != nil else { return }
    queue.async { [self] in
      if let error = putBack() { whenLost(error) }
    }
  }

  /// Writes the recorded positions and releases the lock. The member must not send after that. Idempotent.
  func finish() {
    queue.sync {
      _ = putBack()
      writeWaiting()
    }
    kept.withLock { $0.file = nil }
  }

  /// Writes the recorded positions, and returns when they are on disk.
  func flush() {
    queue.sync { writeWaiting() }
  }

  private func writeWaiting() {
    let heard = waiting.withLock { $0.take() } ?? [:]
    let failure = kept.withLock { kept -> StateError? in
      let before = kept.state
      // Members not heard since the start keep their position.
      kept.state.heard.merge(heard) { $1 }
      guard !kept.isWritten || kept.state != before else { return nil }
      let wasWritten = kept.isWritten
      do throws(StateError) {
        try kept.write(in: directory)
        return nil
      } catch {
        // The next change tries again; only the first failure is logged.
        return wasWritten ? error : nil
      }
    }
    if let failure {
      report(
        StateNotice(
          "what was heard cannot be kept, so after a restart it could be accepted again: \(failure.fault)", .directory))
    }
  }

  /// - Returns: The error that another process has the state now, the first time only.
  private func putBack() -> StateError? {
    kept.withLock { kept -> StateError? in
      guard let file = kept.file else { return nil }
      do throws(StateError) {
        guard let (what, path) = try putBack(file, &kept) else { return nil }
        kept.isLost = false
        report(
          StateNotice(
            "\(what) of \(identity.text) was removed or replaced while the process runs: it was written anew, in \(path)",
            .directory))
        return nil
      } catch {
        guard !kept.isLost else { return nil }
        kept.isLost = true
        let text =
          "the state of \(identity.text) was removed while the process runs, and cannot be written anew: \(error.fault)"
        report(StateNotice(text, .directory))
        if case .inUse = error { return .inUse(text) }
        return nil
      }
    }
  }

  /// Checks each of the files, and writes missing ones anew.
  ///
  /// - Returns: The name and path of the file that was missing; nil if none was.
  private func putBack(_ file: StateFile, _ kept: inout LoadedState) throws(StateError) -> (what: String, path: String)?
  {
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
      // An unchanged state proves that no other process has sent meanwhile: it would have written its epoch there.
      if file.isStateKept {
        _ = try? new.read()
      } else {
        file.outdate()
        kept.replace(new)
      }
    }
    try kept.write(in: directory)
    // The mark may have been removed together with the state.
    kept.markFile?.outdate()
    kept.mark?.members.remove(identity.member)
    if kept.state.epoch != nil { try kept.nameInMark(identity, in: directory) }
    return ("the state", file.path)
  }

  /// Checks the mark, which other members replace as well.
  private func putBackMark(_ kept: inout LoadedState) throws(StateError) -> (what: String, path: String)? {
    guard let directory, let file = kept.markFile, !file.isKept else { return nil }
    // A mark that was moved away may come back without later entries of other members.
    file.outdate()
    let wasNamed = kept.mark?.members.contains(identity.member) == true
    let present = MarkFile(in: directory, keyID: identity.keyID)
    guard wasNamed, present.read()?.members.contains(identity.member) != true else {
      file.remember()
      return nil
    }
    kept.mark?.members.remove(identity.member)
    try kept.nameInMark(identity, in: directory)
    return ("the mark", present.path)
  }
}
