# Stands in for Swift's image: "swift build" puts in the programs that were built on this machine, and that of Swift's
# libraries is there which the build changes. pip trusts whom this machine trusts.
FROM debian-base
COPY programs /built
COPY lib_FoundationICU.a /usr/lib/swift_static/linux/
COPY authorities /usr/local/share/ca-certificates
COPY pip.conf /etc/pip.conf
COPY swift /usr/local/bin/swift
