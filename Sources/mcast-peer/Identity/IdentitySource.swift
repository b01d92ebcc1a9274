import CommonSupport
import Logging
import MulticastDTLS
import SystemPackage

/// The file of this member's identity: that of `--identity`, else `identity-ID` beside the secret's file, so that each member
/// of a machine has its own.
struct IdentitySource: Sendable {
  /// Nil if no file was named, and the secret is in no file.
  let path: FilePath?
  /// True if `--identity` names the path.
  let isNamed: Bool
  private let member: MemberID

  /// - Parameters:
  ///   - identity: The path of `--identity`.
  ///   - secretFile: The path of `--secret-file`.
  init(of member: MemberID, identity: String?, secretFile: String?) {
    self.member = member
    isNamed = identity != nil
    let secret = try? SecretSource.choose(secretFile: secretFile.map { FilePath($0) }).path
    path = identity.map { FilePath($0) } ?? secret?.removingLastComponent().appending("identity-\(member)")
  }

  /// The file.
  ///
  /// - Throws: ``SecretError`` if no path is known.
  var file: IdentityFile {
    get throws(SecretError) {
      guard let path else {
        throw .unusable(
          "there is no place for the identity of member \(member), since the secret is in no file: name one")
      }
      return IdentityFile(path: path)
    }
  }

  /// Reads the identity, if messages are signed under a secret of the ring, or the user has named the file.
  ///
  /// - Throws: ``IdentityError`` if the member cannot send without it. Otherwise logs that.
  func identity(for ring: KeyRing, isSigning: Bool, _ logger: Logger) throws -> Identity? {
    let hasSignedSecret = ring.secrets.contains(where: \.isSigned)
    guard isNamed || isSigning || hasSignedSecret else { return nil }
    do {
      return try read()
    } catch {
      // A secret that is signed, and not sent with yet, stops no member.
      if isSigning || ring.secrets[0].isSigned || !hasSignedSecret { throw error }
      logger.warning("this member cannot send with the new secret, under which messages are signed: \(error)")
      return nil
    }
  }

  /// Makes the identity.
  ///
  /// - Throws: ``IdentityError``.
  func create() throws -> Identity {
    do { return try file.create() } catch let error as SecretError { throw IdentityError(error, of: member, path) }
  }

  /// Reads the identity.
  ///
  /// - Throws: ``IdentityError`` with a remedy.
  func read() throws -> Identity {
    do { return try file.read() } catch let error as SecretError {
      throw IdentityError(error, of: member, path)
    }
  }
}

/// The reason that there is no identity to sign with.
struct IdentityError: Error, CustomStringConvertible {
  let reason: SecretError
  let description: String

  /// - Parameter path: The path of the file; nil if none is known.
  init(_ reason: SecretError, of member: MemberID, _ path: FilePath?) {
    self.reason = reason
    let option = path.map { " --identity \(shellPath($0.string))" } ?? ""
    switch reason {
    case .missing: description = "\(reason): \(CommandTree.name) identity new \(member)\(option)"
    case .exists: description = "\(reason)"
    default: description = "\(reason) (see --identity)"
    }
  }
}
