/// Logs notices, and reports each to the program that embeds the library.
struct NoticeLog: Sendable {
  let log: BackgroundLog
  /// Receives each notice at once, whether the log is read or not. It must not block.
  let onNotice: (@Sendable (NoticeReport) -> Void)?

  init(_ log: BackgroundLog, onNotice: (@Sendable (NoticeReport) -> Void)? = nil) {
    self.log = log
    self.onNotice = onNotice
  }

  /// Reports a notice, and logs it soon.
  func say(_ notice: Notice, _ here: LocalMember) {
    let report = NoticeReport(notice, here)
    onNotice?(report)
    log.log(notice.level, report.text)
  }
}
