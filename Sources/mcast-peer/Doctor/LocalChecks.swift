import Glibc
import MulticastDTLS

/// The checks of this machine that need no network.
struct LocalChecks {
  let network: NetworkConfiguration
  /// The user whose peer is meant, where that is not the one that this process runs as.
  let caller: CallingUser?

  /// Which settings the environment has, and which of its variables only look like some. No value is shown: it may be a
  /// secret.
  func settings() -> [Finding] {
    let named = Environment.given
    let known: Finding = .ok(
      "settings", named.isEmpty ? "none in the environment" : "in the environment: \(named.joined(separator: ", "))")
    let views = caller.map { [view(of: $0)] } ?? []
    return [known] + views
      + Environment.unknown.map {
        .warning(
          "settings", "\($0) in the environment is no setting", "unset it, or correct its name (see mcast-peer --help)")
      }
      + InvisibleEnds.warnings.map {
        .warning("settings", $0, "set it anew, in a file with Unix line ends (cat -A shows them)")
      }
  }

  /// Whose peer it is that the secret and the state are judged for.
  private func view(of caller: CallingUser) -> Finding {
    let user = "user \(caller.name) (uid \(caller.id))"
    do {
      return try caller.act {
        .ok("settings", "called by sudo: the secret and the state are judged for a peer of \(user)")
      }
    } catch {
      return .warning(
        "settings",
        "called by sudo, and nothing can be done as \(user): \(error); the secret and the state are judged for root",
        "run doctor as that user as well")
    }
  }

  /// Seals and opens a record of each suite, by wolfSSL alone and with libcrypto behind its hook.
  func libraries() -> [Finding] {
    let versions = "wolfSSL \(WolfSSLLibrary.version), OpenSSL \(CryptoLibrary.version)"
    let suites: [Finding] = CipherSuite.allCases.map { suite in
      for engine in RecordEngine.allCases {
        do {
          var records = try MemoryRecords(suite: suite, engine: engine, payload: Array("a check".utf8), count: 1)
          try records.seal()
          guard records.open() == 1 else {
            return .failure(
              "library", "\(suite.name): a record that was sealed by \(engine.rawValue) does not open (\(versions))",
              "install Debian's libwolfssl and libssl, and use another --engine meanwhile")
          }
        } catch {
          return .failure(
            "library", "\(suite.name) by \(engine.rawValue): \(error)",
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
        "wolfSSL \(WolfSSLLibrary.version) has no hook for libcrypto: it computes by itself, several times slower",
        "install Debian's or Ubuntu's libwolfssl, or build wolfSSL with --enable-atomicuser")
    ]
  }

  /// Where the secret is, who can read it, and whether it can be guessed; and the ring, if there is one.
  func secret() -> (findings: [Finding], ring: KeyRing?) {
    let (theirs, ring) = asCaller { ownSecret() } ?? ownSecret()
    // A file that is named may be one of a service, or of a peer of root's.
    guard let caller, ring == nil, network.secretFile != nil else { return (theirs, ring) }
    let (own, ownRing) = ownSecret()
    guard ownRing != nil, !own.contains(where: { $0.verdict == .failure }) else { return (theirs, nil) }
    return (own + [Self.rootsAlone("secret", caller, theirs)], ownRing)
  }

  /// Does something as the user who called sudo; nil if nobody did, or this process may not.
  private func asCaller<Value>(_ body: () -> Value) -> Value? {
    caller.flatMap { try? $0.act(body) }
  }

  /// Files that root can use, and the user who called sudo cannot.
  private static func rootsAlone(_ check: String, _ caller: CallingUser, _ findings: [Finding]) -> Finding {
    let reason = findings.first { $0.verdict == .failure }?.text ?? "it is not for that user"
    return .warning(
      check, "root can use it, and a peer of user \(caller.name) cannot: \(reason)",
      "leave it so if only a service, or a peer of root's, uses it")
  }

  /// The same for the user that this process acts as.
  private func ownSecret() -> (findings: [Finding], ring: KeyRing?) {
    do {
      let source = try SecretSource.choose(secretFile: network.secretFile)
      if case .ownFile(let path) = source, unsafe access(path, F_OK) != 0, errno == ENOENT {
        return (
          [
            .warning(
              "secret", "there is none yet at \(path)",
              "copy the group's secret there, or make one for a new group: mcast-peer secret new --write")
          ], nil
        )
      }
      var findings: [Finding] = []
      let ring = try KeyRing(from: source) { error in
        findings.append(
          .failure("secret", "\(error)", "a peer refuses it; then change the secret: mcast-peer secret rotate --help"))
      }
      let keyIDs = try ring.secrets.map { try $0.keyID().description }
      if findings.isEmpty {
        findings.append(
          .ok(
            "secret",
            "from \(source), \(mode(of: source))key ID \(keyIDs[0])"
              + (keyIDs.count > 1 ? " (and accepted: \(keyIDs.dropFirst().joined(separator: ", ")))" : "")
              + ", which must be the same at every member"))
      }
      for text in Set(ring.secrets.flatMap(warnings)).sorted() {
        findings.append(.warning("secret", text, "correct it, or make a new one: mcast-peer secret new"))
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
      guard unsafe stat(path, &status) == 0 else { return "" }
      return "mode 0\(String(status.st_mode & 0o7777, radix: 8)), "
    }
  }

  /// Judges whether a node's state can be kept, and, where it is known which node is meant, whether that would start.
  func state(of node: MemberID?, _ ring: KeyRing?) -> Finding {
    let theirs = asCaller { ownState(node, ring) } ?? ownState(node, ring)
    guard let caller, theirs.verdict == .failure, network.namesState else { return theirs }
    let own = ownState(node, ring)
    return own.verdict == .failure ? theirs : Self.rootsAlone("state", caller, [theirs])
  }

  /// Why a node that encrypts would not start, or would warn; nil if it would go on.
  private func forecast(_ directory: StateDirectory, _ node: MemberID, _ keyID: KeyID) -> Finding? {
    switch directory.forecast(of: node, keyID: keyID) {
    case .starts: return nil
    case .warns(let remark): return .warning("state", remark, "see docs/keys.md, Encryption")
    case .refuses(let refusal): return .failure("state", refusal, "see docs/keys.md, Encryption")
    }
  }

  /// The same for the user that this process acts as.
  private func ownState(_ node: MemberID?, _ ring: KeyRing?) -> Finding {
    do {
      guard let directory = try network.stateDirectory() else {
        return .warning("state", "there is no directory for it", "name one with --state-dir")
      }
      let isThere = try directory.probe()
      if network.suite.isEncrypted, let node, let keyID = try ring?.secrets.first?.keyID(),
        let forecast = forecast(directory, node, keyID)
      {
        return forecast
      }
      if let remark = directory.remark { return .warning("state", remark, "name another with --state-dir") }
      return isThere
        ? .ok("state", "\(directory) can be written") : .ok("state", "\(directory) will be made when it is needed")
    } catch {
      return .failure(
        "state", (error as? StateError)?.fault ?? "\(error)",
        "mend that, or name another with --state-dir; without it a node cannot start in a new epoch")
    }
  }
}
