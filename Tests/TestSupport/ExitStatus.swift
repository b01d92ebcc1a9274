import Foundation
import Glibc

/// How a child has ended, as the kernel tells it.
///
/// Foundation notices an end by a socket, which processes that were started in the same moment may have inherited: it then
/// learns of the end of one when the others have ended, too. Source: waitid(2), WNOWAIT.
extension Process {
  /// Whether it has ended.
  package var hasEnded: Bool { exitStatus(WNOHANG) != nil }

  /// Waits for its end, and blocks; the exit code, or the negative number of the signal that ended it.
  package func waitForExitStatus() -> Int32 { exitStatus(0) ?? 0 }

  private func exitStatus(_ options: CInt) -> Int32? {
    var info = siginfo_t()
    while waitid(P_PID, id_t(processIdentifier), &info, WEXITED | WNOWAIT | options) != 0 {
      if errno == EINTR { continue }
      // Foundation was faster, so it knows.
      waitUntilExit()
      return terminationReason == .exit ? terminationStatus : -terminationStatus
    }
    guard info._sifields._sigchld.si_pid != 0 else { return nil }
    let status = info._sifields._sigchld.si_status
    return info.si_code == CInt(CLD_EXITED) ? status : -status
  }
}
