import TestSupport
import Testing

/// Services together: what one of them promises another can't be seen in the tests of either.
///
/// One after another, because each test runs several services with their threads in this process.
@Suite(.seated, .serialized, .timeLimit(.minutes(10))) struct IntegrationTests {}
