/// Bounds of the list of stored images, which is asked for page by page.
package enum ImageListing {
  /// How many images a page has if the request names no number.
  package static let standardPage = 50
  /// How many images a page may have; a request for more is refused.
  package static let largestPage = 500
}
