import Glibc
import ServiceKit

/// Commands that root runs on the directory of another user's agent.
enum FolderOwner {
  /// Makes this process the directory's owner, if it is root's and the directory is not: what root wrote there, the agent
  /// could neither read nor replace. There is no way back. A directory that is not there yet becomes this user's.
  static func become(of directory: String) throws(AdminError) {
    var status = stat()
    guard geteuid() == 0, stat(directory, &status) == 0, status.st_uid != 0 else { return }
    let (user, group) = (status.st_uid, status.st_gid)
    // The groups give an agent its pins. Who has no name has none.
    let areGroupsSet = getpwuid(user).map { initgroups($0.pointee.pw_name, group) } ?? setgroups(0, nil)
    // The C library sees to it that every thread changes.
    guard areGroupsSet == 0, setgid(group) == 0, setuid(user) == 0 else {
      throw AdminError(
        "can't become user \(user), whose the directory \(directory) is: \(String(cString: strerror(errno)))",
        status: .permission)
    }
  }
}
