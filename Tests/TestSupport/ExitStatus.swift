import Foundation
import Glibc

/// The exit status of a child process, read from the kernel.
///
/// Foundation detects the end of a process by a socket. Processes started in the same moment may inherit that socket,
/// and Foundation then reports the end only when they have all ended. Source: waitid(2), WNOWAIT.
extension Process {
  /// True once the process has ended.
  package var hasEnded: Bool { exitStatus(WNOHANG) != nil }

  /// Blocks until the process ends. Returns the exit code, or the negative number of the signal that ended it.
  package func waitForExitStatus() -> Int32 { exitStatus(0) ?? 0 }

  private func exitStatus(_ options: CInt) -> Int32? {
    var info = siginfo_t()
    while waitid(P_PID, id_t(processIdentifier), &info, WEXITED | WNOWAIT | options) != 0 {
      if errno == EINTR { continue }
      // Foundation has reaped the process already, so it has the status.
      waitUntilExit()
      return terminationReason == .exit ? terminationStatus : -terminationStatus
    }
    guard info._sifields._sigchld.si_pid != 0 else { return nil }
    let status = info._sifields._sigchld.si_status
    return info.si_code == CInt(CLD_EXITED) ? status : -status
  }
}
