import Foundation

/// Prints the manual page: `mcast-peer --experimental-dump-help | manual VERSION >mcast-peer.1`.
@main
enum Manual {
  static func main() throws {
    let tool = try JSONDecoder().decode(ToolInfo.self, from: FileHandle.standardInput.readToEnd() ?? Data())
    print(ManualPage(tool: tool.command, version: CommandLine.arguments.dropFirst().first ?? "").text, terminator: "")
  }
}
