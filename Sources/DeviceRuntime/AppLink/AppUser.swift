/// The user and group that an app's process runs as.
package struct AppUser: Sendable, Equatable {
  package var userID: UInt32
  package var groupID: UInt32

  package init(userID: UInt32, groupID: UInt32) {
    self.userID = userID
    self.groupID = groupID
  }
}
