# Debian with Swift's libraries where programs look for them that don't have them inside.
FROM debian-base
ARG LIBRARIES
COPY libraries $LIBRARIES
