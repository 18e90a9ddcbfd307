/// Bounds of the list of stored images, which is asked for page by page.
package enum ImageListing {
  /// Images of a page if the request names no number.
  package static let standardPage = 50
  /// More on one page are refused.
  package static let largestPage = 500
}
