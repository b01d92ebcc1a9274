import Foundation
import TestSupport
import Testing

@testable import MulticastDTLS

@Suite("State files that other programs remove, move and replace")
struct StateKeeperFilesTests {
  private let scratch = TemporaryDirectory()
  private let recorded = RecordedLog()
  private let report: StateNotice.Reporter
  private let keyID = KeyID([0x9A, 0xB7, 0x6D, 0x2D])
  private var directory: StateDirectory { StateDirectory(path: "\(scratch.path)/state") }

  init() {
    report = { [recorded] in recorded.record("\($0.isWarning ? "warning" : "info"): \($0.text)") }
  }

  /// The lines of the log.
  private var lines: [String] {
    recorded.lines
  }

  private func hold(
    _ beginning: StateKeeper.EpochPolicy = .next, isEncrypting: Bool = true, known: MemberState = MemberState(),
    in directory: StateDirectory? = nil
  ) throws -> StateKeeper {
    try StateKeeper(
      directory: directory ?? self.directory, beginning: beginning,
      identity: .init(keyID: keyID, member: 0, isEncrypting: isEncrypting), known: known, report: report)
  }

  /// Starts a member that sends.
  private func start(
    _ voucher: StartRule.Voucher = .nothing, epoch: Epoch? = nil, isEncrypting: Bool = true,
    in directory: StateDirectory? = nil
  ) throws -> StateKeeper {
    let keeper = try hold(epoch.map { .given($0) } ?? .next, isEncrypting: isEncrypting, in: directory)
    try keeper.begin(voucher, isStart: true)
    _ = try keeper.reserveEpoch()
    return keeper
  }

  /// Starts and stops a member, and returns its epoch.
  @discardableResult
  private func run(_ voucher: StartRule.Voucher = .nothing, in directory: StateDirectory? = nil) throws -> UInt16 {
    let keeper = try start(voucher, in: directory)
    keeper.finish()
    return keeper.epoch.rawValue
  }

  private func look(_ keeper: StateKeeper) {
    keeper.look { _ in }
    keeper.flush()
  }

  private func shell(_ line: String) { #expect(system("cd '\(scratch.path)' && \(line)") == 0) }

  @Test(
    "a process whose lock was removed keeps a state that another process has written meanwhile",
    arguments: [true, false])
  func lockRemoved(isListening: Bool) throws {
    #expect(try run(.user) == 1)
    let first = isListening ? try hold(.never) : try start()
    let epoch = isListening ? 1 : first.epoch.rawValue
    shell("rm state/*.lock")
    #expect(try run() == epoch + 1)
    look(first)
    first.finish()
    // More may have been sent, so the next epoch is a leap.
    #expect(try run() >= epoch + 1 + 64)
  }

  @Test("a process whose lock was removed does not overwrite a newer state")
  func lockRemovedBeforeLook() throws {
    #expect(try run(.user) == 1)
    let listener = try hold(.never)
    shell("rm state/*.lock")
    #expect(try run() == 2)
    listener.save([1: ReplayPosition(epoch: .first, next: 5)])
    listener.flush()
    #expect(lines.contains { $0.contains(".lock was removed") })
    #expect(try StateFile.read(in: directory, keyID: keyID, member: 0)?.state.epoch?.rawValue == 2)
    #expect(try run() == 3)
  }

  @Test("a member whose lock is removed before it reserves its epoch does not start")
  func lockRemovedAtStart() throws {
    #expect(try run(.user) == 1)
    let first = try hold()
    try first.begin(.nothing, isStart: true)
    shell("rm state/*.lock")
    #expect(throws: StateError.self) { try first.reserveEpoch() }
    #expect(try run() == 2)
  }

  @Test("a removed lock alone costs no epochs if no other process has used it")
  func lockAlone() throws {
    #expect(try run(.user) == 1)
    let keeper = try start()
    shell("rm state/*.lock")
    look(keeper)
    #expect(throws: StateError.self) { try hold() }
    keeper.finish()
    #expect(try run() == 3)
  }

  @Test("a newer state moved over that of a process is not lost")
  func movedOver() throws {
    #expect(try run(.user) == 1)
    let listener = try hold(.never)
    try SealedFile(path: "\(directory)/new").write(
      MemberState(epoch: Epoch(890), isComplete: true).lines(for: "\(keyID) 0"))
    shell("mv state/new state/\(keyID)-0")
    listener.save([1: ReplayPosition(epoch: .first, next: 5)])
    listener.finish()
    #expect(try run() >= 890 + 64)
  }

  @Test(
    "files moved away from a running member are copies when they come back, and so are their replacements",
    arguments: [
      ("mv state away", "rm -r state && mv away state"), ("mv state/*-0 away", "mv away state/$(basename state/*-0)"),
    ])
  func movedAway(away: String, back: String) throws {
    #expect(try run(.user) == 1)
    let keeper = try start()
    shell(away)
    look(keeper)
    keeper.finish()
    let next = try run()
    #expect(next >= 2 + 64)
    shell(back)
    let restored = try run()
    #expect(restored >= 2 + 64)
  }

  @Test("a directory moved away from a running member and its replacement both leap to later epochs")
  func twoDirectories() throws {
    #expect(try run(.user) == 1)
    let keeper = try start()
    shell("mv state other")
    look(keeper)
    keeper.finish()
    let epochs = try [run(), run(in: StateDirectory(path: "\(scratch.path)/other"))]
    #expect(epochs.allSatisfy { $0 >= 2 + 64 }, "\(epochs)")
  }

  @Test("removed files are written anew, with a log line", arguments: ["*-0", "*.nodes"])
  func removedBeforeWriting(files: String) throws {
    #expect(try run(.user) == 1)
    let keeper = files == "*-0" ? try hold(.never) : try start()
    shell("rm state/\(files)")
    look(keeper)
    #expect(lines.last?.contains("was written anew") == true, "\(lines)")
    shell("ls state/\(files) >/dev/null")
    keeper.finish()
  }

  @Test("a copy stays a copy if the epoch past it cannot be written")
  func failedLeap() throws {
    #expect(try run(.user) == 1)
    shell("cp -a state backup")
    for epoch in 2...3 { #expect(try run() == epoch) }
    shell("rm state/*-0 && cp -a backup/*-0 state/ && mkdir -p state/\(keyID)-0.new/x")
    let keeper = try hold()
    try keeper.begin(.running, isStart: false)
    #expect(throws: StateError.self) { try keeper.reserveEpoch() }
    shell("rm -r state/*.new")
    keeper.finish()
    #expect(try run() >= 1 + 64)
  }

  @Test("a copy stays a copy after a start with a given epoch without encryption")
  func plainEpoch() throws {
    #expect(try run(.user) == 1)
    shell("cp -a state backup")
    for epoch in 2...3 { #expect(try run() == epoch) }
    shell("rm -r state && cp -a backup state")
    try start(epoch: .first, isEncrypting: false).finish()
    #expect(try run() >= 1 + 64)
  }

  @Test("if the file of a known secret is gone or older, the next epoch is a leap")
  func knownAlone() throws {
    #expect(try run(.user) == 1)
    shell("cp -a state backup")
    for remove in ["rm state/*-0", "rm state/*-0 && cp -a backup/*-0 state/"] {
      shell(remove)
      let keeper = try hold(known: MemberState(epoch: Epoch(2), isComplete: true))
      try keeper.begin(.running, isStart: false)
      #expect(try keeper.reserveEpoch().rawValue >= 2 + 64)
      keeper.finish()
    }
  }

  @Test("a state of version 1 beside a mark that lists its member is a copy")
  func formerVersion() throws {
    func writeFormer() {
      scratch.write(
        SealedText(lines: ["mcast-peer state 1", "node \(keyID) 0", "epoch 7"]).text, to: "state/\(keyID)-0",
        mode: 0o600)
    }
    shell("mkdir -m 700 state")
    writeFormer()
    #expect(try run() == 8 && run() == 9)
    writeFormer()
    #expect(try run() >= 7 + 64)
  }

  @Test("a given epoch that cannot be saved is an error if a later start would begin before it")
  func forgetful() throws {
    try MarkFile(in: directory, keyID: keyID).make()
    shell("mkdir -p state/\(keyID)-0.new/x")
    #expect(throws: StateError.self) { try start(epoch: .first) }
    shell("rm -r state/*.new && mkdir -p state/\(keyID).nodes.new/x")
    #expect(throws: StateError.self) { try start(epoch: .first) }
    shell("rm -r state/*.new")
    #expect(try run() <= 2)
    // A state that other users can write is neither read nor overwritten.
    shell("chmod 666 state/*-0")
    #expect(throws: StateError.self) { try start(epoch: .first) }
    #expect(throws: StateError.self) { try hold(.atLeast(.first)) }
    shell("chmod 600 state/*-0")
    #expect(try StateFile.read(in: directory, keyID: keyID, member: 0)?.state.epoch != nil)
  }

  @Test("a secret noted as new and used later is not new when it returns without its state")
  func backWithoutState() throws {
    try MarkFile(in: directory, keyID: keyID).make()
    let dropped = try hold()
    dropped.vouch()
    dropped.finish()
    #expect(dropped.state == MemberState(isComplete: true))
    for epoch in 1...2 { #expect(try run() == epoch) }
    shell("rm state/*-0")
    let keeper = try hold(known: dropped.state)
    #expect(throws: StateError.self) { try keeper.begin(.running, isStart: false) }
  }

  @Test(
    "a mark that was moved away and comes back vouches for no member that began meanwhile", arguments: [true, false])
  func markMovedAway(isDirectory: Bool) throws {
    func begin(_ node: MemberID, _ voucher: StartRule.Voucher = .nothing) throws -> UInt16 {
      let keeper = try StateKeeper(
        directory: directory, beginning: .next, identity: .init(keyID: keyID, member: node, isEncrypting: true),
        report: report)
      try keeper.begin(voucher, isStart: true)
      defer { keeper.finish() }
      return try keeper.reserveEpoch().rawValue
    }
    try MarkFile(in: directory, keyID: keyID).make()
    let keeper = try start()
    shell(isDirectory ? "mv state away" : "mkdir away && mv state/*.nodes away/")
    look(keeper)
    #expect(throws: StateError.self) { try begin(2) }
    #expect(try begin(2, .user) == 1)
    keeper.finish()
    shell(isDirectory ? "rm -r state && mv away state" : "mv away/* state/ && rm state/*-2")
    #expect(throws: StateError.self) { try begin(2) }
  }

  @Test("a state shared by hard links is a copy if another process has started from it")
  func sharedFile() throws {
    #expect(try run(.user) == 1)
    let keeper = try start()
    shell("cp -al state linked && rm linked/*.lock")
    #expect(try run(in: StateDirectory(path: "\(scratch.path)/linked")) == 3)
    // The next epoch, when its own is used up.
    #expect(try keeper.reserveEpoch().rawValue >= 2 + 64)
    keeper.finish()
  }

  @Test("an epoch given for a copy counts for one start")
  func givenBesideCopy() throws {
    #expect(try run(.user) == 1)
    shell("cp -a state backup")
    try start(epoch: Epoch(50)).finish()
    shell("rm -r state && cp -a backup state")
    try start(epoch: Epoch(49)).finish()
    #expect(try run() >= 49 + 64)
  }

  @Test("a state that was moved away is a copy, also if nothing could be written in its place")
  func movedAwayAndObstructed() throws {
    #expect(try run(.user) == 1)
    let keeper = try start()
    shell("mkdir -m 700 new && mkdir -p new/\(keyID)-0.new/x && mv state away && mv new state")
    look(keeper)
    keeper.finish()
    shell("rm -r state && mv away state")
    #expect(try run() >= 2 + 64)
  }
}
