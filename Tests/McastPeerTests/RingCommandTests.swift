import Foundation
import TestSupport
import Testing

@Suite("mcast-peer secret")
struct RingCommandTests {
  private let home = TemporaryDirectory()
  private var path: String { "\(home.path)/.config/mcast-peer/secret" }

  private struct Outcome {
    let code: Int32
    let output: String
    let errors: String
  }

  /// Runs `mcast-peer secret` with arguments.
  private func run(_ arguments: String, input: String? = nil, secret: String? = nil) async throws -> Outcome {
    let redirection = input.map { "<" + home.write($0, to: "input") } ?? ""
    let command = try PeerProcess(
      [], home: home, secret: secret, shell: "\"$0\" secret \(arguments) \(redirection)")
    return Outcome(code: try await command.exitCode(), output: try command.output, errors: try command.errors)
  }

  @Test("new prints different 256 random bits in hex each time, and nothing else")
  func new() async throws {
    let (one, other) = (try await run("new"), try await run("new"))
    for outcome in [one, other] {
      #expect(outcome.code == 0 && outcome.errors == "")
      #expect(outcome.output.wholeMatch(of: /[0-9a-f]{64}\n/) != nil)
    }
    #expect(one.output != other.output)
  }

  @Test("new --write makes a file for its owner only, in the default place or another, and never overwrites one")
  func write() async throws {
    for (arguments, path) in [("new --write", path), ("new --write \(home.path)/ring", "\(home.path)/ring")] {
      let made = try await run(arguments)
      let text = try String(contentsOfFile: path, encoding: .utf8)
      #expect(made.code == 0 && text.wholeMatch(of: /[0-9a-f]{64}\n/) != nil)
      #expect(
        made.output.wholeMatch(of: /[^\n]+: key ID [0-9a-f]{4}-[0-9a-f]{4}\n/) != nil && made.output.hasPrefix(path))
      #expect(try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int == 0o600)
      let again = try await run(arguments)
      #expect(again.code == 78 && again.errors.contains("not overwritten") && again.output == "")
      #expect(try String(contentsOfFile: path, encoding: .utf8) == text)
    }
    #expect(try await run("new \(home.path)/other").code == 64)
  }

  @Test(
    "id prints the key IDs in order, and warns of weak secrets and of an open file, without the secrets")
  func id() async throws {
    let ring = home.write("correct horse battery staple\nweak\n", to: "ring", mode: 0o644)
    let outcome = try await run("id -k \(ring)")
    #expect(outcome.code == 0)
    let lines = outcome.output.split(separator: "\n")
    #expect(lines.count == 2 && lines[0] == "9ab7-6d2d  sends, and is accepted" && lines[1].hasSuffix("  is accepted"))
    let warnings = outcome.errors.split(separator: "\n")
    #expect(
      warnings.count == 2 && outcome.errors.contains("mode 0644") && outcome.errors.contains("fewer than 16 bytes"))
    for text in ["horse", "weak\n"] { #expect(!(outcome.output + outcome.errors).contains(text)) }
    let variable = try await run("id", secret: "correct horse battery staple")
    #expect(variable.code == 0 && variable.output == "9ab7-6d2d  sends, and is accepted\n" && variable.errors == "")
    // The command makes no secret.
    let none = try await run("id")
    #expect(none.code == 78 && none.errors.contains("secret new --write"))
    #expect(!FileManager.default.fileExists(atPath: path))
  }

  @Test("rotate performs the three steps, and prints the ring after each, and the next step on standard error")
  func rotate() async throws {
    #expect(try await run("new --write").code == 0)
    let old = try await run("id").output.prefix(9)
    let added = try await run("rotate add", input: "correct horse battery staple\n")
    #expect(added.code == 0, "\(added.errors)")
    #expect(added.output == "\(old)  sends, and is accepted\n9ab7-6d2d  is accepted\n")
    let promoted = try await run("rotate promote")
    #expect(promoted.code == 0 && promoted.output == "9ab7-6d2d  sends, and is accepted\n\(old)  is accepted\n")
    #expect(try await run("rotate promote 9ab7-6d2d").output == promoted.output)
    let dropped = try await run("rotate drop \(old)")
    #expect(dropped.code == 0 && dropped.output == "9ab7-6d2d  sends, and is accepted\n")
    #expect(try String(contentsOfFile: path, encoding: .utf8) == "correct horse battery staple\n")
    #expect(
      added.errors == "next, once all members accept it: mcast-peer secret rotate promote 9ab7-6d2d\n")
    #expect(
      promoted.errors == "next, once all members send with 9ab7-6d2d: mcast-peer secret rotate drop \(old)\n")
    #expect(dropped.errors == "done, once all members have dropped it\n")
    for outcome in [added, promoted, dropped] { #expect(!outcome.output.contains("horse")) }
  }

  @Test("the next step can be pasted: it has the file of the line, and comes only if there is one")
  func nextStep() async throws {
    let ring = home.write("the secret\n", to: "a 'ring'")
    let quoted = "'\(home.path)/a '\\''ring'\\'''"
    var errors = try await run("rotate add -k \(quoted)", input: "correct horse battery staple\n").errors
    for step in ["promote", "drop"] {
      let command = try #require(errors.firstMatch(of: /: mcast-peer secret (rotate .*)\n/)).output.1
      #expect(command.hasPrefix("rotate \(step) ") && command.hasSuffix(" -k \(quoted)"), "\(errors)")
      let outcome = try await run(String(command))
      #expect(outcome.code == 0, "\(outcome)")
      errors = outcome.errors
    }
    #expect(try String(contentsOfFile: ring, encoding: .utf8) == "correct horse battery staple\n")
    // The ring has it already, as the first secret, and has no other one.
    #expect(try await run("rotate add -k \(quoted)", input: "correct horse battery staple\n").errors == "")
    #expect(try await run("rotate promote 9ab7-6d2d -k \(quoted)").errors == "")
  }

  @Test(
    "an impossible step is an error of one line, and the file stays unchanged",
    arguments: [
      ("rotate drop", nil, 78, "one secret only"), ("rotate promote", nil, 78, "one secret only"),
      ("rotate add", "", 78, "standard input has 0 secrets"), ("rotate add", "two\nsecrets\n", 78, "2 secrets"),
      ("rotate add", "\u{FEFF}a secret with a mark\n", 78, "byte order mark"),
      ("rotate drop 0000-0000", nil, 78, "no secret with key ID 0000-0000"),
      ("rotate promote nonsense", nil, 64, "eight hex digits"),
      ("rotate bogus", nil, 64, "bogus"), ("bogus", nil, 64, "bogus"),
    ] as [(String, String?, Int32, String)])
  func impossible(arguments: String, input: String?, code: Int32, hint: String) async throws {
    try FileManager.default.createDirectory(
      atPath: "\(home.path)/.config/mcast-peer", withIntermediateDirectories: true)
    home.write("the secret\n", to: ".config/mcast-peer/secret")
    let outcome = try await run(arguments, input: input)
    #expect(outcome.code == code && outcome.errors.contains(hint), "\(outcome)")
    #expect(outcome.errors.split(separator: "\n").count == 1 && outcome.output == "")
    #expect(try String(contentsOfFile: path, encoding: .utf8) == "the secret\n")
    #expect(try FileManager.default.contentsOfDirectory(atPath: "\(home.path)/.config/mcast-peer") == ["secret"])
  }

  @Test("a secret is neither written to nor read from a file that others can read")
  func exposed() async throws {
    let output = home.write("", to: "output", mode: 0o644)
    #expect(try await run("new >\(output)").code == 0)
    #expect(try FileManager.default.attributesOfItem(atPath: output)[.posixPermissions] as? Int == 0o600)
    #expect(try String(contentsOfFile: output, encoding: .utf8).count == 65)
    #expect(try await run("new --write").code == 0)
    let before = try String(contentsOfFile: path, encoding: .utf8)
    let open = home.write("another secret of the group\n", to: "open", mode: 0o644)
    let refused = try await run("rotate add <\(open)")
    #expect(refused.code == 77 && refused.errors.contains("mode 0644"), "\(refused)")
    #expect(try String(contentsOfFile: path, encoding: .utf8) == before)
    // A pipe is no file, so it is accepted.
    #expect(try await run("id | true; printf 'another secret of the group' | \"$0\" secret rotate add").code == 0)
    #expect(try String(contentsOfFile: path, encoding: .utf8) == before + "another secret of the group\n")
  }

  @Test("a bare name is a file in the working directory")
  func bareName() async throws {
    let command = try PeerProcess([], home: home, shell: "cd \(home.path) && exec \"$0\" secret new --write ring")
    #expect(try await command.exitCode() == 0)
    let ring = try await run("id -k \(home.path)/ring")
    #expect(ring.code == 0 && ring.errors == "")
  }

  @Test("no file is made in a directory in which others could replace it")
  func openDirectory() async throws {
    let directory = "\(home.path)/open"
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: false)
    // Set explicitly, independent of the umask.
    try FileManager.default.setAttributes([.posixPermissions: 0o777], ofItemAtPath: directory)
    let refused = try await run("new --write \(home.path)/open/ring")
    #expect(refused.code == 77 && refused.errors.contains("mode 0777"))
    #expect(try FileManager.default.contentsOfDirectory(atPath: directory) == [])
  }

  @Test("rotating a secret of the environment is an error that names the variable")
  func environment() async throws {
    let outcome = try await run("rotate promote", secret: "the secret of the group")
    #expect(outcome.code == 78 && outcome.errors.contains("DTLS_MCAST_SECRET"))
  }

  @Test("each subcommand has its own help")
  func help() async throws {
    for (arguments, text) in [
      ("--help", "rotate add"), ("", "rotate add"), ("rotate", "SIGHUP"), ("rotate add --help", "standard input"),
      ("new --help", "--write"), ("id --help", "Warn"),
    ] {
      let outcome = try await run(arguments)
      #expect(outcome.code == 0 && outcome.output.contains(text), "\(arguments)")
    }
  }

  @Test("rotate add refuses a secret that would end signing, and adds it with --unsigned")
  func endsSigning() async throws {
    #expect(try await run("new --sign --write").code == 0)
    let before = try String(contentsOfFile: path, encoding: .utf8)
    let refused = try await run("rotate add", input: "correct horse battery staple\n")
    #expect(refused.code == 78 && refused.output == "")
    #expect(refused.errors.contains("make it with 'mcast-peer secret new --sign', or give --unsigned to end signing"))
    #expect(try String(contentsOfFile: path, encoding: .utf8) == before)
    let added = try await run("rotate add --unsigned", input: "correct horse battery staple\n")
    #expect(added.code == 0 && added.output.hasSuffix("9ab7-6d2d  is accepted\n"), "\(added.errors)")
  }
}
