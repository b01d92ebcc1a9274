/// The manual page, in the format of man(7): the help of the commands, and the sections of ``Prose``.
struct ManualPage {
  let tool: ToolInfo.Command
  /// The output of `mcast-peer --version`.
  let version: String

  /// The source of the page.
  var text: String {
    var page = Roff()
    page.macro("TH", tool.commandName.uppercased(), "1", "", version, "User Commands")
    // No hyphenation, which would split variables and options.
    page.request("nh")
    page.request("ad l")
    page.section("NAME")
    page.text("\(tool.commandName) - \(sentence(tool.abstract))")
    page.section("SYNOPSIS")
    for (index, line) in synopses(tool, []).enumerated() {
      if index > 0 { page.macro("br") }
      page.bold(line)
    }
    page.section("DESCRIPTION")
    page.paragraphs(paragraphs(tool).filter { !isAboutExit($0) })
    page.section("OPTIONS")
    page.text("The environment variable after each option sets it, too. The command line wins.")
    options((tool.arguments ?? []).filter { $0.kind == .positional }, hasVariables: true, &page)
    for group in groups((tool.arguments ?? []).filter { $0.kind != .positional }) {
      page.subsection(group.title)
      options(group.arguments, hasVariables: true, &page)
    }
    page.section("COMMANDS")
    for command in tool.shownCommands {
      describe(command, [tool.commandName], &page)
    }
    page.section("EXIT STATUS")
    for paragraph in paragraphs(tool) where isAboutExit(paragraph) {
      for status in paragraph.dropFirst("Exit codes: ".count).split(separator: ";") {
        let words = status.split(separator: " ", maxSplits: 1)
        page.item(String(words[0]), sentence(words.count > 1 ? String(words[1]) : ""))
      }
    }
    for (title, entries) in Prose.sections {
      page.section(title)
      for entry in entries { page.entry(entry) }
    }
    return page.text
  }

  /// The arguments by option group, in the order of their first argument. Those without a group come last.
  private func groups(_ arguments: [ToolInfo.Argument]) -> [(title: String, arguments: [ToolInfo.Argument])] {
    let other = "Other"
    let shown = arguments.filter(\.shouldDisplay)
    let titles = shown.map { $0.sectionTitle ?? other }
    var unique: [String] = []
    for title in titles where title != other && !unique.contains(title) { unique.append(title) }
    return (unique + [other]).map { title in
      (title, zip(titles, shown).filter { $0.0 == title }.map(\.1))
    }
  }

  /// The synopses of a command and its subcommands.
  private func synopses(_ command: ToolInfo.Command, _ parents: [String]) -> [String] {
    let path = parents + [command.commandName]
    let commands = command.shownCommands
    let positional = (command.arguments ?? []).filter { $0.kind == .positional && $0.shouldDisplay }
    // The member ID of a peer may come from the environment, but rarely does: show it as required.
    let words = positional.map {
      $0.isOptional && !parents.isEmpty ? "[<\($0.valueName ?? "")>]" : "<\($0.valueName ?? "")>"
    }
    let own = (path + ["[<options>]"] + words).joined(separator: " ")
    // A command with subcommands does nothing by itself, except the root.
    return (commands.isEmpty || parents.isEmpty ? [own] : []) + commands.flatMap { synopses($0, path) }
  }

  private func describe(_ command: ToolInfo.Command, _ parents: [String], _ page: inout Roff) {
    let path = parents + [command.commandName]
    page.subsection(path.joined(separator: " "))
    page.paragraphs([command.abstract ?? ""] + paragraphs(command))
    let root = tool.arguments ?? []
    let all = (command.arguments ?? []).filter { $0.shouldDisplay && !["help", "version"].contains($0.longName) }
    let same = all.filter { one in
      one.longName != nil && root.contains { $0.longName == one.longName && $0.abstract == one.abstract }
    }
    options(
      all.filter { one in !same.contains { $0.longName == one.longName } || one.longName == nil }, hasVariables: false,
      &page)
    if !same.isEmpty {
      page.macro("PP")
      page.text("As above: " + same.compactMap(\.longName).map { "--\($0)" }.joined(separator: ", ") + ".")
    }
    for command in command.shownCommands {
      describe(command, path, &page)
    }
  }

  private func options(_ arguments: [ToolInfo.Argument], hasVariables: Bool, _ page: inout Roff) {
    for argument in arguments where argument.shouldDisplay {
      let value = argument.valueName.map { "<\($0)>" } ?? ""
      let names = (argument.names ?? []).sorted { $0.kind == .short && $1.kind != .short }.map(\.text)
      let title =
        switch argument.kind {
        case .positional: value
        case .option: names.joined(separator: ", ") + " \(value)"
        case .flag: names.joined(separator: ", ")
        }
      let name = argument.longName ?? argument.valueName ?? ""
      let isSetting = hasVariables && !["help", "version"].contains(name)
      let variable = "MCAST_PEER_" + name.uppercased().map { $0 == "-" ? "_" : String($0) }.joined()
      page.item(title, (argument.abstract ?? "") + (isSetting ? " (\(variable))" : ""))
    }
  }

  private func paragraphs(_ command: ToolInfo.Command) -> [String] {
    (command.discussion ?? "").split(separator: "\n\n").map(String.init)
  }

  private func isAboutExit(_ paragraph: String) -> Bool { paragraph.hasPrefix("Exit codes: ") }

  /// A text without its final full stop.
  private func sentence(_ text: String?) -> String {
    let text = text ?? ""
    return text.hasSuffix(".") ? String(text.dropLast()) : text
  }
}
