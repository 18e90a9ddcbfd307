/// The user and group that an app's process runs as.
package struct AppUser: Sendable, Equatable {
  /// The kernel's number of the user.
  package var userID: UInt32
  /// The only group that the process is in.
  package var groupID: UInt32

  package init(userID: UInt32, groupID: UInt32) {
    self.userID = userID
    self.groupID = groupID
  }
}
