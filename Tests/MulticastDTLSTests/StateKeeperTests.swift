import Foundation
import TestSupport
import Testing

@testable import MulticastDTLS

@Suite("Epochs from the state on disk")
struct StateKeeperTests {
  let scratch = TemporaryDirectory()
  let recorded = RecordedLog()
  let report: StateNotice.Reporter
  let keyID = KeyID([0x9A, 0xB7, 0x6D, 0x2D])
  var directory: StateDirectory { StateDirectory(path: "\(scratch.path)/state") }
  var path: String { "\(directory)/9ab7-6d2d-0" }

  init() {
    report = { [recorded] in recorded.record("\($0.isWarning ? "warning" : "info"): \($0.text)") }
  }

  /// The lines of the log, without those for first starts.
  var lines: [String] {
    recorded.lines.filter { !$0.contains("first start") }
  }

  func open(
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

  func onDisk() throws -> MemberState {
    try MemberState(#require(try SealedFile(path: path).read()).lines, for: "9ab7-6d2d 0")
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

  func openLater(
    atLeast epoch: Epoch, _ directory: StateDirectory? = nil, mayReplaceDamaged: Bool = true,
    known: MemberState = MemberState()
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
      #expect(try keeper.reserveEpoch().rawValue == 7 && onDisk() == MemberState(epoch: Epoch(7), isComplete: true))
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
    let known = MemberState(epoch: try Epoch(10), heard: [1: later])
    let keeper = try openLater(atLeast: .first, known: known)
    #expect(keeper.heardBefore == [1: later])
    // The file is behind the known epoch, so the next epoch is a leap.
    let epoch = try keeper.reserveEpoch()
    #expect(epoch.rawValue >= 10 + 64)
    #expect(keeper.state == MemberState(epoch: epoch, heard: [1: later]))
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

  @Test("only the owner can use the directory, the state and the lock")
  func modes() throws {
    let keeper = try open()
    for (file, mode) in [(directory.path, 0o700), (path, 0o600), ("\(path).lock", 0o600)] {
      #expect(try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions] as? Int == mode)
    }
    keeper.finish()
  }
}
