import Glibc
import MulticastDTLS
import SystemPackage

/// The checks that need no network.
struct LocalChecks {
  let network: NetworkConfiguration
  /// True if the member sends, as far as doctor knows: then it needs an epoch.
  var sends = true
  /// False if the roster cannot be used, which has a finding of its own.
  var isRosterUsable = true
  /// The user whose peer is checked; nil for the user of this process.
  let caller: CallingUser?

  /// Findings on the settings in the environment, and on unknown ones. They never show a value, which may be a secret.
  func settings() -> [Finding] {
    let named = Environment.given
    let known: Finding = .ok(
      "settings", named.isEmpty ? "none in the environment" : "in the environment: \(named.joined(separator: ", "))")
    let views = caller.map { [view(of: $0)] } ?? []
    return [known] + views
      + Environment.warnings.map { .warning("settings", $0, "unset it, or correct its name") }
      + InvisibleEnds.warnings.map {
        .warning("settings", $0, "set it again, from a file with Unix line ends (cat -A shows them)")
      }
  }

  /// A finding on the user whose peer is checked.
  private func view(of caller: CallingUser) -> Finding {
    let user = "user \(caller.name) (uid \(caller.id))"
    do {
      return try caller.act {
        .ok("settings", "\(caller.cause): checks secret and state for a peer of \(user)")
      }
    } catch {
      return .warning(
        "settings", "\(caller.cause), but cannot act as \(user): \(error); checks secret and state for root",
        "run doctor as that user, too")
    }
  }

  /// Seals and opens a record of each suite, with each engine.
  func libraries() -> [Finding] {
    let versions = "wolfSSL \(WolfSSLLibrary.version), OpenSSL \(LibcryptoLibrary.version)"
    let suites: [Finding] = CipherSuite.allCases.map { suite in
      for engine in RecordEngine.allCases {
        do {
          var records = try MemoryRecords(suite: suite, engine: engine, payload: Array("a check".utf8), count: 1)
          try records.seal()
          guard records.open() == 1 else {
            return .failure(
              "library", "\(suite.name): a record sealed by \(engine.rawValue) does not open (\(versions))",
              "install Debian's libwolfssl and libssl; until then, use another --engine")
          }
        } catch {
          return .failure(
            "library", "\(suite.name) with \(engine.rawValue): \(error)",
            error is LibcryptoError ? nil : "install Debian's or Ubuntu's libwolfssl (here: \(versions))")
        }
      }
      return .ok(
        "library",
        "\(suite.name): wolfSSL seals and opens a record"
          + (WolfSSLLibrary.hasRecordHook ? ", alone and with libcrypto" : "") + " (\(versions))")
    }
    guard !WolfSSLLibrary.hasRecordHook else { return suites }
    return suites + [
      .warning(
        "library",
        "wolfSSL \(WolfSSLLibrary.version) has no hook for libcrypto: its own crypto is several times slower",
        "install Debian's or Ubuntu's libwolfssl, or build wolfSSL with --enable-atomicuser")
    ]
  }

  /// Findings on the source of the secret, its permissions and its strength; and the ring, if it is usable.
  func secret() -> (findings: [Finding], ring: KeyRing?) {
    let (callersFindings, callersRing) = asCaller { secretOfCurrentUser() } ?? secretOfCurrentUser()
    // The file of --secret-file may belong to a service, or to root's peer.
    guard let caller, !caller.isService, callersRing == nil, network.secretFile != nil else {
      return (callersFindings, callersRing)
    }
    let (findings, ring) = secretOfCurrentUser()
    guard ring != nil, !findings.contains(where: { $0.verdict == .failure }) else { return (callersFindings, nil) }
    return (findings + [Self.usableByRootOnly("secret", caller, callersFindings)], ring)
  }

  /// Runs `body` as the caller of sudo; nil without sudo, or if this process may not act as that user.
  private func asCaller<Value>(_ body: () -> Value) -> Value? {
    caller.flatMap { try? $0.act(body) }
  }

  /// The finding on files that root can use, and the caller of sudo cannot.
  private static func usableByRootOnly(_ check: String, _ caller: CallingUser, _ findings: [Finding]) -> Finding {
    let reason = findings.first { $0.verdict == .failure }?.text ?? "that user has no access"
    return .warning(
      check, "root can use it, but a peer of user \(caller.name) cannot: \(reason)",
      "nothing is wrong if only a service or root's peer uses it")
  }

  /// As ``secret()``, for the effective user of this process.
  private func secretOfCurrentUser() -> (findings: [Finding], ring: KeyRing?) {
    do {
      let source = try SecretSource.choose(secretFile: network.secretFile.map { FilePath($0) })
      if case .ownFile(let path) = source, unsafe access(path.string, F_OK) != 0, errno == ENOENT {
        return (
          [
            .warning(
              "secret", "no secret yet at \(path)", "copy the group's secret there, or make one for a new group",
              command: "mcast-peer secret new --write")
          ], nil
        )
      }
      var findings: [Finding] = []
      let ring = try KeyRing(from: source) { error in
        findings.append(
          .failure(
            "secret", "\(error)", "a peer refuses this file: correct that, then change the secret",
            command: "mcast-peer secret rotate --help"))
      }
      let keyIDs = try ring.secrets.map { try $0.keyID().description }
      if findings.isEmpty {
        findings.append(
          .ok(
            "secret",
            "from \(source), \(mode(of: source))key ID \(keyIDs[0])"
              + (keyIDs.count > 1 ? " (also accepts \(keyIDs.dropFirst().joined(separator: ", ")))" : "")
              + ": compare it at all members"))
      }
      for text in Set(ring.secrets.flatMap(warnings)).sorted() {
        findings.append(.warning("secret", text, "correct it, or make a new one", command: "mcast-peer secret new"))
      }
      return (findings, ring)
    } catch {
      return ([.failure("secret", "\(error)", "see mcast-peer secret --help")], nil)
    }
  }

  private func mode(of source: SecretSource) -> String {
    var status = stat()
    switch source {
    case .environment: return ""
    case .file(let path), .ownFile(let path):
      guard unsafe stat(path.string, &status) == 0 else { return "" }
      return "mode 0\(String(status.st_mode & 0o7777, radix: 8)), "
    }
  }

  /// Findings on signatures: none if no message is signed.
  ///
  /// - Parameter member: The ID in MCAST_PEER_NODE_ID; nil if unknown.
  func signing(of member: MemberID?, _ ring: KeyRing?) -> [Finding] {
    guard isRosterUsable else { return [] }
    let secrets = ring?.secrets ?? []
    guard network.isSigning || secrets.contains(where: \.isSigned) else {
      return secrets.isEmpty || network.members.roster.publicKeys.isEmpty
        ? []
        : [
          .warning(
            "signing", "\(network.members.place) has public keys, and no message is signed here",
            "if the others sign, use their secret, which begins with 'signed:', or --sign as they do")
        ]
    }
    let unsigned = network.isSigning ? [] : secrets.filter { !$0.isSigned }
    let check = SigningCheck(
      members: network.members, identity: sends ? member.map { network.identitySource(of: $0) } : nil, member: member,
      unsigned: unsigned.compactMap { try? $0.keyID() })
    return asCaller { check.findings } ?? check.findings
  }

  /// The finding on the state directory, and on the state of a member.
  ///
  /// - Parameter member: The ID in MCAST_PEER_NODE_ID; nil if unknown.
  func state(of member: MemberID?, _ ring: KeyRing?) -> Finding {
    let callersFinding = asCaller { stateOfCurrentUser(member, ring) } ?? stateOfCurrentUser(member, ring)
    guard let caller, !caller.isService, callersFinding.verdict == .failure, network.namesState else {
      return callersFinding
    }
    let finding = stateOfCurrentUser(member, ring)
    return finding.verdict == .failure ? callersFinding : Self.usableByRootOnly("state", caller, [callersFinding])
  }

  /// The refusal or warning of a member that starts with --encrypt; nil if there is none.
  private func forecast(_ directory: StateDirectory, _ member: MemberID, _ keyID: KeyID) -> Finding? {
    switch directory.forecast(of: member, keyID: keyID) {
    case .starts: return nil
    case .warns(let remark): return .warning("state", remark, "see docs/keys.md, Encryption")
    case .refuses(let refusal): return .failure("state", refusal, "see docs/keys.md, Encryption")
    }
  }

  /// As ``state(of:_:)``, for the effective user of this process.
  private func stateOfCurrentUser(_ member: MemberID?, _ ring: KeyRing?) -> Finding {
    do {
      guard let directory = try network.stateDirectory() else {
        return .warning("state", "no state directory", "give one with --state-dir")
      }
      let exists = try directory.probe()
      if sends, network.suite.isEncrypted, let member, let keyID = try ring?.secrets.first?.keyID(),
        let forecast = forecast(directory, member, keyID)
      {
        return forecast
      }
      if let remark = directory.durabilityWarning { return .warning("state", remark, "give another with --state-dir") }
      return exists
        ? .ok("state", "\(directory) can be written") : .ok("state", "\(directory) will be made when it is needed")
    } catch {
      return .failure(
        "state", (error as? StateError)?.fault ?? "\(error)",
        "correct that, or give another with --state-dir: without state, a member cannot start in a new epoch")
    }
  }
}
