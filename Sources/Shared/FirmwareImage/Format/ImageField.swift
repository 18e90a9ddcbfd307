/// The fields of an image's header that an error may name.
package enum ImageField: String, Sendable {
  case appName = "app name"
  case appVersion = "app version"
}
