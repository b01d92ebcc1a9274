import Foundation
import TestSupport
import Testing

@testable import MulticastDTLS

@Suite("Epochs from the state on disk")
struct StateKeeperTests {
  private let scratch = TemporaryDirectory()
  private let recorded = RecordedLog()
  private let notices: NoticeLog
  private let keyID = KeyID([0x9A, 0xB7, 0x6D, 0x2D])
  private var directory: StateDirectory { StateDirectory(path: "\(scratch.path)/state") }
  private var path: String { "\(directory)/9ab7-6d2d-0" }

  init() {
    notices = NoticeLog(recorded.logger)
  }

  /// What was logged.
  private var lines: [String] {
    notices.flush()
    return recorded.lines.filter { !$0.contains("first start") }
  }

  private func open(
    _ directory: StateDirectory? = nil, epoch: Epoch? = nil, member: MemberID = 0, isEncrypting: Bool = false,
    voucher: StartRule.Voucher = .nothing
  ) throws -> StateKeeper {
    let keeper = try StateKeeper(
      directory: directory ?? self.directory, beginning: epoch.map { .given($0) } ?? .next,
      identity: .init(keyID: keyID, member: member, isEncrypting: isEncrypting), log: notices)
    try keeper.begin(voucher, isStart: true)
    _ = try keeper.takeEpoch()
    return keeper
  }

  private func onDisk() throws -> NodeState {
    try NodeState(#require(try SealedFile(path: path).read()).lines, for: "9ab7-6d2d 0")
  }

  @Test("the first start takes epoch 1, and each one after it the next, which is on disk before it is used")
  func starts() throws {
    for number in 1...5 {
      let keeper = try open()
      #expect(keeper.epoch.rawValue == UInt16(number))
      #expect(try onDisk().epoch == keeper.epoch)
    }
  }

  @Test("nodes and secrets have states of their own")
  func apart() throws {
    let keepers = try [open(), open(member: 1)]
    let other = try StateKeeper(
      directory: directory, beginning: .next,
      identity: .init(keyID: KeyID([1, 2, 3, 4]), member: 0, isEncrypting: false), log: notices)
    #expect(try keepers.map(\.epoch) == [.first, .first] && other.takeEpoch() == .first)
    #expect(Set((keepers + [other]).map(\.path)).count == 3)
  }

  @Test("while a node runs nobody else gets its state, not even with an epoch of their own")
  func inUse() throws {
    let first = try open()
    for epoch in [nil, Epoch.last] {
      let error = #expect(throws: StateError.self) { try open(epoch: epoch) }
      guard case .inUse(let reason) = error else {
        Issue.record("\(String(describing: error))")
        continue
      }
      #expect(reason.contains("node 0") && reason.contains("9ab7-6d2d") && reason.contains("process \(getpid())"))
    }
    #expect(try onDisk().epoch == first.epoch)
  }

  @Test("an epoch that is given counts, is remembered, and one that is not later is warned of")
  func given() throws {
    func start(_ epoch: UInt16?) throws -> UInt16 { try open(epoch: epoch.map { try Epoch($0) }).epoch.rawValue }
    #expect(try start(100) == 100)
    #expect(lines == [])
    #expect(try start(nil) == 101)
    #expect(try start(7) == 7)
    #expect(lines.count == 1 && lines[0].contains("epoch 7") && lines[0].contains("101"))
    #expect(try start(nil) == 102)
  }

  @Test("with encryption an epoch that was used is refused, and one that is not known to be new is warned of")
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
    // Without a state there is no start, but with an epoch, and a warning.
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
      identity: .init(keyID: keyID, member: 0, isEncrypting: true), known: known, log: notices)
  }

  @Test("for a key that is not sent with yet, a given epoch is a floor, which is on disk at once and stays")
  func atLeast() throws {
    _ = try openLater(atLeast: Epoch(7))
    #expect(try onDisk().epoch?.rawValue == 6)
    // Nobody gives it again.
    #expect(try open().epoch.rawValue == 7)
    #expect(try openLater(atLeast: Epoch(3)).nextEpoch?.rawValue == 8)
    let keeper = try openLater(atLeast: Epoch(20))
    #expect(try keeper.nextEpoch == keeper.takeEpoch() && keeper.epoch.rawValue == 20)
    let nowhere = StateDirectory(path: scratch.write("", to: "a file"))
    #expect(try openLater(atLeast: Epoch(5), nowhere).takeEpoch().rawValue == 5)
  }

  @Test("what a process knows of a key that was gone for a while counts as well as what is on disk")
  func known() throws {
    _ = try open()
    let later = Position(epoch: .last, next: 7)
    let known = NodeState(epoch: try Epoch(10), heard: [1: later])
    let keeper = try openLater(atLeast: .first, known: known)
    #expect(keeper.heardBefore == [1: later])
    #expect(try keeper.takeEpoch().rawValue == 11)
    #expect(keeper.state == NodeState(epoch: try Epoch(11), isComplete: true, heard: [1: later]))
  }

  @Test("a damaged state is not guessed at for a key that comes while the node runs, and is never away for a moment")
  func damagedLater() throws {
    _ = try open()
    try "epoch 40".write(toFile: path, atomically: false, encoding: .utf8)
    #expect(throws: StateError.self) { try openLater(atLeast: Epoch(10), mayReplaceDamaged: false) }
    #expect(try String(contentsOfFile: path, encoding: .utf8) == "epoch 40")
    // At the start the given epoch is the user's answer, and on disk before anything is done with it.
    _ = try openLater(atLeast: Epoch(50))
    #expect(try onDisk().epoch?.rawValue == 49)
    #expect(try String(contentsOfFile: "\(path).damaged", encoding: .utf8) == "epoch 40")
    #expect(try open(isEncrypting: true).epoch.rawValue == 50)
  }

  @Test("an epoch that could not be written was not used, and is not used up")
  func notUsedUp() throws {
    let keeper = try open()
    try FileManager.default.createDirectory(atPath: "\(path).new", withIntermediateDirectories: false)
    for _ in 0..<10 { #expect(throws: StateError.self) { try keeper.takeEpoch() } }
    try FileManager.default.removeItem(atPath: "\(path).new")
    #expect(try keeper.takeEpoch().rawValue == 2)
  }

  @Test(
    "a damaged state is reported and not guessed at; with an epoch given it is set aside",
    arguments: ["", "epoch 7", "\u{0}\u{1}"])
  func damaged(content: String) throws {
    _ = try open()
    try content.write(toFile: path, atomically: false, encoding: .utf8)
    let error = #expect(throws: StateError.self) { try open() }
    #expect(error?.description.contains(path) == true && error?.description.contains("damaged") == true)
    #expect(try String(contentsOfFile: path, encoding: .utf8) == content)
    // The way out that is named.
    #expect(try open(epoch: Epoch(9)).epoch.rawValue == 9)
    #expect(lines.contains { $0.contains("damaged") })
    #expect(try String(contentsOfFile: "\(path).damaged", encoding: .utf8) == content)
    #expect(try open().epoch.rawValue == 10)
  }

  @Test("a state that cannot be written stops the start and names both ways out; a given epoch is one of them")
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
        directory: nil, beginning: .next, identity: .init(keyID: keyID, member: 0, isEncrypting: false), log: notices)
    }
  }

  @Test("after the last epoch there is a clear end that says to change the secret")
  func usedUp() throws {
    let keeper = try open(epoch: Epoch(65534))
    #expect(try keeper.takeEpoch() == .last)
    #expect(throws: StateError.self) { try keeper.takeEpoch() }
    #expect(try onDisk().epoch == .last)
    keeper.finish()
  }

  @Test("a start after the last epoch is refused and says to change the secret")
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
    "an epoch that was given while the disk fails is remembered once it works again, and nothing heard is forgotten")
  func givenWhileTheDiskFails() throws {
    let heard = [MemberID(rawValue: 1): Position(epoch: .first, next: 5)]
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
    // A next epoch of its own must be on disk first.
    #expect(throws: StateError.self) { try keeper.takeEpoch() }
    try FileManager.default.removeItem(atPath: "\(path).new")
    keeper.finish()
    #expect(try onDisk().heard == heard)
    #expect(try open().epoch.rawValue > 9)
  }

  @Test("when few epochs are left it is said")
  func fewLeft() async throws {
    _ = try open(epoch: Epoch(65_000))
    try await eventually("the warning") {
      lines.contains { $0.contains("535 epochs left") }
    }
    _ = try open(epoch: .last)
    try await eventually("the last warning") { lines.contains { $0.contains("last epoch") } }
  }

  @Test("what was heard is there after a restart, and what was not heard since stays as it was")
  func heard() throws {
    let (early, late) = (Position(epoch: .first, next: 5), Position(epoch: .last, next: 70_000))
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

  @Test("what was heard is kept without waiting for the end")
  func heardSoon() async throws {
    let keeper = try open()
    keeper.save([1: Position(epoch: .first, next: 5)])
    try await eventually("the state") { try onDisk().heard == [1: Position(epoch: .first, next: 5)] }
    #expect(keeper.epoch == .first)
  }

  @Test("a disk that fails is reported once, and what was heard is written when it works again")
  func failingDisk() throws {
    let keeper = try open()
    // A directory in the place of the file that the state is written to first.
    try FileManager.default.createDirectory(atPath: "\(path).new", withIntermediateDirectories: false)
    for next in [5, 6] as [UInt64] {
      keeper.save([1: Position(epoch: .first, next: next)])
      keeper.flush()
    }
    #expect(lines.count == 1 && lines[0].contains("cannot write the state file"), "\(lines)")
    try FileManager.default.removeItem(atPath: "\(path).new")
    keeper.save([1: Position(epoch: .first, next: 7)])
    keeper.finish()
    #expect(try onDisk().heard == [1: Position(epoch: .first, next: 7)])
  }

  @Test("a node that has stopped has given its state back")
  func givenBack() throws {
    let stopped = try open()
    stopped.finish()
    #expect(try open().epoch.rawValue == 2)
    // Nothing of the one that stopped gets into what is another's now.
    stopped.save([1: Position(epoch: .first, next: 5)])
    stopped.finish()
    #expect(try onDisk().heard == [:])
  }

  @Test("only the owner can use what is kept")
  func modes() throws {
    let keeper = try open()
    for (file, mode) in [(directory.path, 0o700), (path, 0o600), ("\(path).lock", 0o600)] {
      #expect(try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions] as? Int == mode)
    }
    keeper.finish()
  }
}

@Suite("Where the state is kept")
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
