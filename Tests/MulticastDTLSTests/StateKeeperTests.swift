import Foundation
import TestSupport
import Testing

@testable import MulticastDTLS

@Suite("Epochs from the state on disk")
struct StateKeeperTests {
  private let scratch = TemporaryDirectory()
  private let recorded = RecordedLog()
  private let report: StateNotice.Reporter
  private let keyID = KeyID([0x9A, 0xB7, 0x6D, 0x2D])
  private var directory: StateDirectory { StateDirectory(path: "\(scratch.path)/state") }
  private var path: String { "\(directory)/9ab7-6d2d-0" }

  init() {
    report = { [recorded] in recorded.record("\($0.isWarning ? "warning" : "info"): \($0.text)") }
  }

  /// The lines of the log, without those for first starts.
  private var lines: [String] {
    recorded.lines.filter { !$0.contains("first start") }
  }

  private func open(
    _ directory: StateDirectory? = nil, epoch: Epoch? = nil, member: MemberID = 0, isEncrypting: Bool = false,
    voucher: StartRule.Voucher = .nothing
  ) throws -> StateKeeper {
    let keeper = try StateKeeper(
      directory: directory ?? self.directory, beginning: epoch.map { .given($0) } ?? .next,
      identity: .init(keyID: keyID, member: member, isEncrypting: isEncrypting), report: report)
    try keeper.begin(voucher, isStart: true)
    _ = try keeper.reserveEpoch()
    return keeper
  }

  private func onDisk() throws -> NodeState {
    try NodeState(#require(try SealedFile(path: path).read()).lines, for: "9ab7-6d2d 0")
  }

  @Test("the first start has epoch 1, and each later start has the next epoch, which is on disk before use")
  func starts() throws {
    for number in 1...5 {
      let keeper = try open()
      #expect(keeper.epoch.rawValue == UInt16(number))
      #expect(try onDisk().epoch == keeper.epoch)
    }
  }

  @Test("each member and each secret has its own state")
  func apart() throws {
    let keepers = try [open(), open(member: 1)]
    let other = try StateKeeper(
      directory: directory, beginning: .next,
      identity: .init(keyID: KeyID([1, 2, 3, 4]), member: 0, isEncrypting: false), report: report)
    #expect(try keepers.map(\.epoch) == [.first, .first] && other.reserveEpoch() == .first)
    #expect(Set((keepers + [other]).map(\.path)).count == 3)
  }

  @Test("a running member locks its state, also against a start with a given epoch")
  func inUse() throws {
    let first = try open()
    for epoch in [nil, Epoch.last] {
      let error = #expect(throws: StateError.self) { try open(epoch: epoch) }
      guard case .inUse(let reason) = error else {
        Issue.record("\(String(describing: error))")
        continue
      }
      #expect(reason.contains("member 0") && reason.contains("9ab7-6d2d") && reason.contains("process \(getpid())"))
    }
    #expect(try onDisk().epoch == first.epoch)
  }

  @Test("a given epoch is used and saved, and causes a warning if it is not later than the last")
  func given() throws {
    func start(_ epoch: UInt16?) throws -> UInt16 { try open(epoch: epoch.map { try Epoch($0) }).epoch.rawValue }
    #expect(try start(100) == 100)
    #expect(lines == [])
    #expect(try start(nil) == 101)
    #expect(try start(7) == 7)
    #expect(lines.count == 1 && lines[0].contains("epoch 7") && lines[0].contains("101"))
    #expect(try start(nil) == 102)
  }

  @Test("with encryption, a used epoch is an error, and an epoch not known to be new causes a warning")
  func encrypting() throws {
    #expect(try open(epoch: Epoch(7), isEncrypting: true).epoch.rawValue == 7)
    #expect(lines.count == 1 && lines[0].contains("nonces repeat"), "\(lines)")
    for used in [1, 6, 7] {
      let error = #expect(throws: StateError.self) { try open(epoch: Epoch(used), isEncrypting: true) }
      #expect(error?.description.contains("not later than 7") == true)
    }
    #expect(try onDisk().epoch?.rawValue == 7)
    #expect(try open(epoch: Epoch(8), isEncrypting: true).epoch.rawValue == 8)
    #expect(try open(isEncrypting: true).epoch.rawValue == 9)
    #expect(lines.count == 1)
    // Without a state, a start needs a given epoch, and causes a warning.
    let nowhere = StateDirectory(path: scratch.write("", to: "a file"))
    #expect(throws: StateError.self) { try open(nowhere, isEncrypting: true) }
    #expect(try open(nowhere, epoch: Epoch(3), isEncrypting: true).epoch.rawValue == 3)
    #expect(lines.count { $0.contains("nonces repeat") } == 2)
  }

  private func openLater(
    atLeast epoch: Epoch, _ directory: StateDirectory? = nil, mayReplaceDamaged: Bool = true,
    known: NodeState = NodeState()
  ) throws -> StateKeeper {
    try StateKeeper(
      directory: directory ?? self.directory, beginning: .atLeast(epoch), mayReplaceDamaged: mayReplaceDamaged,
      identity: .init(keyID: keyID, member: 0, isEncrypting: true), known: known, report: report)
  }

  @Test("for a later key of the ring, a given epoch is a minimum, and does not vouch that the member is new")
  func atLeast() throws {
    #expect(try openLater(atLeast: Epoch(7)).nextEpoch?.rawValue == 7)
    #expect(try SealedFile(path: path).read() == nil)
    #expect(throws: StateError.self) { try openLater(atLeast: Epoch(7)).begin(.nothing, isStart: false) }
    do {
      let keeper = try openLater(atLeast: Epoch(7))
      try keeper.begin(.user, isStart: false)
      #expect(try keeper.reserveEpoch().rawValue == 7 && onDisk() == NodeState(epoch: Epoch(7), isComplete: true))
    }
    #expect(try openLater(atLeast: Epoch(3)).nextEpoch?.rawValue == 8)
    let keeper = try openLater(atLeast: Epoch(20))
    #expect(try keeper.nextEpoch == keeper.reserveEpoch() && keeper.epoch.rawValue == 20)
    let nowhere = StateDirectory(path: scratch.write("", to: "a file"))
    #expect(try openLater(atLeast: Epoch(5), nowhere).reserveEpoch().rawValue == 5)
  }

  @Test("the known state of a removed key is merged with its file when the key returns")
  func known() throws {
    _ = try open()
    let later = ReplayPosition(epoch: .last, next: 7)
    let known = NodeState(epoch: try Epoch(10), heard: [1: later])
    let keeper = try openLater(atLeast: .first, known: known)
    #expect(keeper.heardBefore == [1: later])
    // The file is behind the known epoch, so the next epoch is a leap.
    let epoch = try keeper.reserveEpoch()
    #expect(epoch.rawValue >= 10 + 64)
    #expect(keeper.state == NodeState(epoch: epoch, heard: [1: later]))
  }

  @Test(
    "a damaged state is an error for a key that arrives while the member runs, and a given epoch replaces it at a start"
  )
  func damagedLater() throws {
    _ = try open()
    try "epoch 40".write(toFile: path, atomically: false, encoding: .utf8)
    #expect(throws: StateError.self) { try openLater(atLeast: Epoch(10), mayReplaceDamaged: false) }
    #expect(try String(contentsOfFile: path, encoding: .utf8) == "epoch 40")
    // At a start, the given epoch replaces the damaged state. The epoch before it is on disk at once.
    _ = try openLater(atLeast: Epoch(50))
    #expect(try onDisk().epoch?.rawValue == 49)
    #expect(try String(contentsOfFile: "\(path).damaged", encoding: .utf8) == "epoch 40")
    // The given epoch does not vouch that the member is new.
    #expect(throws: StateError.self) { try open(isEncrypting: true) }
    #expect(try open(epoch: Epoch(50), isEncrypting: true).epoch.rawValue == 50)
  }

  @Test("an epoch that could not be written is not used up")
  func notUsedUp() throws {
    let keeper = try open()
    try FileManager.default.createDirectory(atPath: "\(path).new", withIntermediateDirectories: false)
    for _ in 0..<10 { #expect(throws: StateError.self) { try keeper.reserveEpoch() } }
    try FileManager.default.removeItem(atPath: "\(path).new")
    #expect(try keeper.reserveEpoch().rawValue == 2)
  }

  @Test(
    "a damaged state is an error, and a given epoch sets it aside",
    arguments: ["", "epoch 7", "\u{0}\u{1}"])
  func damaged(content: String) throws {
    _ = try open()
    try content.write(toFile: path, atomically: false, encoding: .utf8)
    let error = #expect(throws: StateError.self) { try open() }
    #expect(error?.description.contains(path) == true && error?.description.contains("damaged") == true)
    #expect(try String(contentsOfFile: path, encoding: .utf8) == content)
    // The remedy that the error names.
    #expect(try open(epoch: Epoch(9)).epoch.rawValue == 9)
    #expect(lines.contains { $0.contains("damaged") })
    #expect(try String(contentsOfFile: "\(path).damaged", encoding: .utf8) == content)
    #expect(try open().epoch.rawValue == 10)
  }

  @Test("a state that cannot be written is an error that names two remedies, and a given epoch is one of them")
  func unwritable() throws {
    let file = scratch.write("", to: "a file")
    for path in ["\(file)/state", file, "", "/proc/nothing/here"] {
      let error = #expect(throws: StateError.self) { try open(StateDirectory(path: path)) }
      let text = error?.description ?? ""
      #expect(text.contains("give an epoch") && text.contains("another state directory"), "\(text)")
      let keeper = try open(StateDirectory(path: path), epoch: .last)
      #expect(keeper.epoch == .last && keeper.path == nil)
    }
    #expect(throws: StateError.self) {
      try StateKeeper(
        directory: nil, beginning: .next, identity: .init(keyID: keyID, member: 0, isEncrypting: false), report: report)
    }
  }

  @Test("after the last epoch, reserving another is an error")
  func usedUp() throws {
    let keeper = try open(epoch: Epoch(65534))
    #expect(try keeper.reserveEpoch() == .last)
    #expect(throws: StateError.self) { try keeper.reserveEpoch() }
    #expect(try onDisk().epoch == .last)
    keeper.finish()
  }

  @Test("a start after the last epoch is an error that says to change the secret")
  func startAfterTheLast() throws {
    _ = try open(epoch: .last)
    let error = #expect(throws: StateError.self) { try open() }
    guard case .usedUp(let reason) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(reason.contains("new secret"))
  }

  @Test(
    "an epoch given while the disk fails is saved once it works again, and no position is lost")
  func givenWhileTheDiskFails() throws {
    let heard = [MemberID(rawValue: 1): ReplayPosition(epoch: .first, next: 5)]
    do {
      let keeper = try open()
      keeper.save(heard)
      keeper.finish()
    }
    try FileManager.default.createDirectory(atPath: "\(path).new", withIntermediateDirectories: false)
    #expect(throws: StateError.self) { try open() }
    let keeper = try open(epoch: Epoch(9))
    #expect(keeper.heardBefore == heard)
    #expect(throws: StateError.self) { try open(epoch: Epoch(10)) }
    // The next epoch must be on disk before use.
    #expect(throws: StateError.self) { try keeper.reserveEpoch() }
    try FileManager.default.removeItem(atPath: "\(path).new")
    keeper.finish()
    #expect(try onDisk().heard == heard)
    #expect(try open().epoch.rawValue > 9)
  }

  @Test("few epochs left cause a warning")
  func fewLeft() async throws {
    _ = try open(epoch: Epoch(65_000))
    try await eventually("the warning") {
      lines.contains { $0.contains("535 epochs left") }
    }
    _ = try open(epoch: .last)
    try await eventually("the last warning") { lines.contains { $0.contains("last epoch") } }
  }

  @Test("positions survive a restart, also those of members not heard since")
  func heard() throws {
    let (early, late) = (ReplayPosition(epoch: .first, next: 5), ReplayPosition(epoch: .last, next: 70_000))
    do {
      let keeper = try open()
      #expect(keeper.heardBefore.isEmpty)
      keeper.save([1: early, 2: early])
      keeper.finish()
      keeper.finish()
    }
    let second = try open()
    second.save([1: late])
    second.finish()
    #expect(try open().heardBefore == [1: late, 2: early])
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: directory.path).sorted() == [
        "9ab7-6d2d-0", "9ab7-6d2d-0.lock", "9ab7-6d2d.nodes",
      ])
  }

  @Test("positions are written before the end")
  func heardSoon() async throws {
    let keeper = try open()
    keeper.save([1: ReplayPosition(epoch: .first, next: 5)])
    try await eventually("the state") { try onDisk().heard == [1: ReplayPosition(epoch: .first, next: 5)] }
    #expect(keeper.epoch == .first)
  }

  @Test("a failing disk is reported once, and positions are written when it works again")
  func failingDisk() throws {
    let keeper = try open()
    // A directory blocks the temporary file of the state.
    try FileManager.default.createDirectory(atPath: "\(path).new", withIntermediateDirectories: false)
    for next in [5, 6] as [UInt64] {
      keeper.save([1: ReplayPosition(epoch: .first, next: next)])
      keeper.flush()
    }
    #expect(lines.count == 1 && lines[0].contains("cannot write the state file"), "\(lines)")
    try FileManager.default.removeItem(atPath: "\(path).new")
    keeper.save([1: ReplayPosition(epoch: .first, next: 7)])
    keeper.finish()
    #expect(try onDisk().heard == [1: ReplayPosition(epoch: .first, next: 7)])
  }

  @Test("a stopped member has released its state and no longer writes it")
  func givenBack() throws {
    let stopped = try open()
    stopped.finish()
    #expect(try open().epoch.rawValue == 2)
    // The stopped member does not write into the state of the new process.
    stopped.save([1: ReplayPosition(epoch: .first, next: 5)])
    stopped.finish()
    #expect(try onDisk().heard == [:])
  }

  @Test(
    "with encryption, a member without a state starts only if the user vouches for it, and later starts need no voucher"
  )
  func unknownPast() throws {
    let error = #expect(throws: StateError.self) { try open(isEncrypting: true) }
    guard case .unknownPast(let reason) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(
      reason.contains("start it once as a new member")
        && reason.contains("if it has ever sent with this secret, change the secret"))
    #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == ["9ab7-6d2d-0.lock"])
    #expect(try open(isEncrypting: true, voucher: .user).epoch == .first)
    #expect(lines.count == 1 && lines[0].contains("nonces repeat"), "\(lines)")
    #expect(try open(isEncrypting: true).epoch.rawValue == 2)
    // The same voucher again is ignored, with a warning.
    #expect(try open(isEncrypting: true, voucher: .user).epoch.rawValue == 3)
    #expect(lines.count == 2 && lines[1].contains("is not new"), "\(lines)")
  }

  @Test(
    "a lost state is detected by the mark, and the user's voucher then leaps to a later epoch")
  func lost() throws {
    let mark = MarkFile(in: directory, keyID: keyID)
    try mark.make()
    #expect(try open(isEncrypting: true).epoch == .first && open(member: 1, isEncrypting: true).epoch == .first)
    try FileManager.default.removeItem(atPath: path)
    #expect(throws: StateError.self) { try open(isEncrypting: true) }
    #expect(try open(isEncrypting: true, voucher: .user).epoch.rawValue >= 65)
    #expect(lines.last?.contains("its state was lost") == true)
    try FileManager.default.removeItem(atPath: directory.path)
    for member in [0, 1] as [MemberID] {
      #expect(throws: StateError.self) { try open(member: member, isEncrypting: true) }
    }
    // The start of one member does not vouch for another.
    #expect(try open(isEncrypting: true, voucher: .user).epoch == .first)
    #expect(throws: StateError.self) { try open(member: 1, isEncrypting: true) }
  }

  @Test("starts without encryption do not vouch for a start with encryption")
  func plainBetween() throws {
    #expect(try open().epoch == .first && open().epoch.rawValue == 2)
    #expect(throws: StateError.self) { try open(isEncrypting: true) }
    #expect(recorded.lines.count { $0.contains("no state: first start, epoch 1") } == 1)
  }

  @Test("a copied or restored state causes a warning and a leap to a later epoch", arguments: [true, false])
  func copied(isWhole: Bool) async throws {
    _ = try open(isEncrypting: true, voucher: .user)
    try await Task.sleep(for: .milliseconds(50))
    #expect(system("cp -a '\(directory)' '\(scratch.path)/backup'") == 0)
    for _ in 0..<5 { _ = try open(isEncrypting: true) }
    let line = isWhole ? "rm -r state && cp -a backup state" : "cp backup/9ab7-6d2d-0 state"
    #expect(system("cd '\(scratch.path)' && \(line)") == 0)
    let epoch = try open(isEncrypting: true).epoch
    #expect((65...1001).contains(epoch.rawValue))
    #expect(lines.last?.contains("is a copy") == true && lines.last?.contains("change the secret") == true)
    let count = lines.count
    #expect(try open(isEncrypting: true).epoch == epoch.next && lines.count == count)
  }

  @Test(
    "a running member's new secret begins in a far epoch after a restart, and a used one without its state is an error"
  )
  func vouched() throws {
    let running = try open(isEncrypting: true, voucher: .user)
    #expect(running.isInUse)
    func hold(_ keyID: KeyID) throws -> StateKeeper {
      try StateKeeper(
        directory: directory, beginning: .next, identity: .init(keyID: keyID, member: 0, isEncrypting: true),
        report: report)
    }
    let next = KeyID([1, 2, 3, 4])
    do {
      let keeper = try hold(next)
      keeper.vouch()
      keeper.finish()
    }
    // A restart with the new secret first.
    let keeper = try hold(next)
    try keeper.begin(.nothing, isStart: true)
    #expect(try (1064...9193).contains(keeper.reserveEpoch().rawValue))
    keeper.finish()
    try FileManager.default.removeItem(atPath: "\(directory)/\(next)-0")
    let lost = try hold(next)
    lost.vouch()
    #expect(throws: StateError.self) { try lost.begin(.running, isStart: false) }
    running.finish()
    #expect(!running.isInUse)
  }

  @Test("a listener needs no epoch and no state, uses no epoch, and leaves a damaged state alone")
  func listening() throws {
    func listen(_ directory: StateDirectory?) throws -> StateKeeper {
      try StateKeeper(
        directory: directory, beginning: .never, identity: .init(keyID: keyID, member: 0, isEncrypting: true),
        report: report)
    }
    for directory in [StateDirectory(path: "/proc/nothing/here"), nil] { #expect(try listen(directory).path == nil) }
    #expect(lines.count == 1 && lines[0].contains("what is heard is not remembered"), "\(lines)")
    do {
      let keeper = try listen(directory)
      keeper.save([1: ReplayPosition(epoch: .first, next: 5)])
      keeper.finish()
    }
    let state = try onDisk()
    #expect(state.epoch == nil && !state.isComplete && state.heard.count == 1)
    #expect(MarkFile(in: directory, keyID: keyID).read() == nil)
    // A listener's state does not vouch that the member is new.
    #expect(throws: StateError.self) { try open(isEncrypting: true) }
    try "damaged".write(toFile: path, atomically: false, encoding: .utf8)
    let keeper = try listen(directory)
    keeper.save([1: ReplayPosition(epoch: .first, next: 6)])
    keeper.finish()
    #expect(try String(contentsOfFile: path, encoding: .utf8) == "damaged")
  }

  @Test(
    "files removed from a running member are written again, with one log line",
    arguments: ["rm -r state", "rm state/9ab7-6d2d-0", "rm state/*.lock", "mv state away", "rm state/9ab7-6d2d-0*"])
  func removed(line: String) throws {
    let keeper = try open(isEncrypting: true, voucher: .user)
    let count = lines.count
    func look() {
      keeper.look { Issue.record("\($0)") }
      keeper.flush()
    }
    look()
    #expect(lines.count == count)
    #expect(system("cd '\(scratch.path)' && \(line)") == 0)
    #expect(keeper.isInUse == false)
    look()
    #expect(lines.count == count + 1 && lines.last?.contains("was removed or replaced") == true, "\(lines)")
    #expect(try onDisk() == keeper.state)
    #expect(MarkFile(in: directory, keyID: keyID).read()?.members == [0])
    let error = #expect(throws: StateError.self) { try open() }
    guard case .inUse = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    look()
    #expect(lines.count == count + 1)
  }

  @Test("a state taken by another process is reported once")
  func taken() throws {
    let keeper = try open()
    try FileManager.default.removeItem(atPath: directory.path)
    let other = try open()
    let told = RecordedLog()
    for _ in 0..<3 {
      keeper.look { told.logger.info("\($0)") }
      keeper.flush()
    }
    #expect(told.lines.count == 1 && told.lines[0].contains("runs on this machine already"), "\(told.lines)")
    #expect(try onDisk() == other.state)
  }

  @Test("a start for another group with the same secret causes a warning, and one for the same group does not")
  func groups() throws {
    func start(_ group: String) throws {
      let keeper = try StateKeeper(
        directory: directory, beginning: .next,
        identity: .init(keyID: keyID, member: 0, isEncrypting: true, group: group), report: report)
      try keeper.begin(.user, isStart: true)
      _ = try keeper.reserveEpoch()
    }
    func warned() -> Int { lines.count { $0.contains("records name no group") } }
    try start("239.255.0.1:12345")
    try start("239.255.0.1:12345")
    #expect(warned() == 0)
    try start("239.255.0.2:12345")
    #expect(warned() == 1 && lines.contains { $0.contains("239.255.0.1:12345") && $0.contains("239.255.0.2:12345") })
    try start("239.255.0.2:12345")
    #expect(warned() == 1)
  }

  @Test("an epoch used by another peer is skipped, and the next is on disk before use")
  func contested() throws {
    let keeper = try open(isEncrypting: true, voucher: .user)
    let next = try keeper.reserveEpoch(farPast: Epoch(500))
    #expect((564...1500).contains(next.rawValue) && keeper.epoch == next)
    #expect(try onDisk().epoch == next)
    keeper.skip(past: try Epoch(2000))
    keeper.skip(past: try Epoch(3))
    #expect(try onDisk().epoch?.rawValue == 2000 && keeper.reserveEpoch().rawValue == 2001)
  }

  @Test("only the owner can use the directory, the state and the lock")
  func modes() throws {
    let keeper = try open()
    for (file, mode) in [(directory.path, 0o700), (path, 0o600), ("\(path).lock", 0o600)] {
      #expect(try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions] as? Int == mode)
    }
    keeper.finish()
  }
}

@Suite("The place of the state")
struct StateDirectoryTests {
  @Test("systemd's directory comes first, then XDG_STATE_HOME, then the home directory")
  func order() throws {
    func path(_ state: String?, _ xdg: String?, _ home: String?) throws -> String {
      try StateDirectory.standard(stateDirectory: state, stateHome: xdg, home: home).path
    }
    #expect(try path("/var/lib/a:/var/lib/b", "/x", "/h") == "/var/lib/a")
    #expect(try path(nil, "/x", "/h") == "/x/mcast-peer")
    #expect(try path("", "relative", "/h") == "/h/.local/state/mcast-peer")
    let error = #expect(throws: StateError.self) { try path(nil, nil, nil) }
    #expect(error?.description.contains("give an epoch") == true)
  }
}
