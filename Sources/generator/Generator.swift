import Foundation

/// Generates the manual page or completions from the options of the commands, and prints them:
/// `mcast-peer --experimental-dump-help | generator KIND`. KIND is `manual VERSION`, `bash`, `zsh` or `fish`.
@main
enum Generator {
  static func main() throws {
    let arguments = CommandLine.arguments.dropFirst()
    let input = try FileHandle.standardInput.readToEnd() ?? Data()
    let tool = try JSONDecoder().decode(ToolInfo.self, from: input).program
    let text =
      switch arguments.first {
      case "manual": ManualPage(tool: tool, version: arguments.dropFirst().first ?? "").text
      case "bash": BashCompletions(tool).text
      case "zsh": ZshCompletions(tool).text
      case "fish": FishCompletions(tool).text
      default: throw UnknownKind(description: "give manual, bash, zsh or fish")
      }
    print(text, terminator: "")
  }

  private struct UnknownKind: Error, CustomStringConvertible {
    let description: String
  }
}
