import ArgumentParser
import Glibc
import MulticastDTLS
import SystemPackage

/// The option of a command that looks at a group as the installed service does.
struct ServiceArguments: ParsableArguments {
  @Option(
    name: .customLong("service"),
    parsing: .unconditional,
    help: .init(
      """
      Take the settings, secret, roster and state of mcast-peer@ID.service. (default: those that all units share, if \
      neither an option nor a variable names a secret, the user has none, and /etc/mcast-peer/secret is there)
      """,
      valueName: "id"),
    transform: { try MemberID($0) })
  var member: MemberID?

  /// Puts the settings of the service into the environment of this process.
  ///
  /// - Parameter secretFile: The path of `--secret-file`.
  /// - Returns: True if there are any.
  /// - Throws: `ValidationError` if a file of settings cannot be read.
  func apply(secretFile: String?) throws -> Bool {
    let settings = ServiceSettings()
    guard member != nil || settings.apply(secretFile: secretFile) else { return false }
    try settings.checkUser()
    let variables = try settings.variables(of: member)
    for (option, _) in Environment.all { unsafe unsetenv(Environment.variable(option)) }
    for variable in variables { unsafe setenv(variable.name, variable.value, 1) }
    return true
  }
}

/// The files of the service, as its unit has them.
struct ServiceSettings {
  /// The user that the unit runs as.
  static let user = "mcast-peer"

  var directory = FilePath("/etc/mcast-peer")
  var stateDirectory = FilePath("/var/lib/mcast-peer")

  /// The file of the secret.
  var secret: FilePath { directory.appending("secret") }

  /// True if a user who names no secret, and has none, means the service.
  func apply(secretFile: String?) -> Bool {
    let path = secretFile.map { FilePath($0) } ?? (try? Environment.value("secret-file")).map { FilePath($0) }
    guard path == nil, case .ownFile(let own) = try? SecretSource.choose(secretFile: nil) else { return false }
    return unsafe access(own.string, F_OK) != 0 && access(secret.string, F_OK) == 0
  }

  /// Checks that this user may read the secret of the service, so that no advice opens it to more users.
  ///
  /// - Throws: `ValidationError` if not.
  func checkUser() throws {
    guard unsafe access(secret.string, R_OK) != 0, errno == EACCES else { return }
    throw ValidationError(
      "uid \(geteuid()) may not read \(secret), the secret of the service: run this as root, or name another with "
        + "--secret-file")
  }

  /// The variables of a unit; with nil, those that all units share.
  ///
  /// - Throws: `ValidationError` if a file of settings is there and cannot be read.
  func variables(of member: MemberID?) throws -> [EnvironmentFile.Variable] {
    var variables = [EnvironmentFile.Variable(name: Environment.variable("secret-file"), value: secret.string)]
    var files = [directory.appending("environment")]
    if let member {
      variables += [
        .init(name: Environment.variable("node-id"), value: "\(member)"),
        .init(name: Environment.variable("state-dir"), value: stateDirectory.appending("\(member)").string),
        // A drop-in can change that, which only systemd knows.
        .init(name: Environment.variable("listen"), value: "1"),
      ]
      files.append(directory.appending("\(member).environment"))
    }
    for file in files {
      do {
        variables += try EnvironmentFile(Self.read(file)).variables
      } catch is EnvironmentFile.Unreadable {
        throw ValidationError("\(file) is no file of settings: it has a NUL, or a value that is not UTF-8")
      }
    }
    // Variables of other programs are none of ours.
    return variables.filter { $0.name.hasPrefix(Environment.prefix) }
  }

  private static func read(_ path: FilePath) throws -> [UInt8] {
    do {
      let file = try FileDescriptor.open(path, .readOnly, options: [.closeOnExec, .nonBlocking])
      defer { try? file.close() }
      var bytes: [UInt8] = []
      while bytes.count <= limit {
        let chunk = try unsafe [UInt8](unsafeUninitializedCapacity: 4096) { buffer, count in
          count = try unsafe file.read(into: UnsafeMutableRawBufferPointer(buffer))
        }
        if chunk.isEmpty { return bytes }
        bytes += chunk
      }
      throw ValidationError("\(path) is no file of settings: it has more than \(limit) bytes")
    } catch Errno.noSuchFileOrDirectory {
      return []
    } catch Errno.permissionDenied {
      throw ValidationError("this user may not read \(path): run this as root")
    } catch let error as Errno {
      throw ValidationError("cannot read \(path): \(error); it must be a file of settings, or none")
    }
  }

  /// The largest file of settings, in bytes.
  private static let limit = 65_536
}
